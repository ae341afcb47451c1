import kafkajs from "kafkajs";
import { compressFrame, decompressFrame } from "lz4-napi";

// The service compresses with LZ4, which kafkajs knows by name only.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
  compress: (encoder: { buffer: Buffer }) => compressFrame(encoder.buffer),
  decompress: (buffer: Buffer) => decompressFrame(buffer),
});
