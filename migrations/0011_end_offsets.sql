-- Where each partition ended when Kafka last told: a reader of PostgreSQL alone can say how far behind the ingestor is.
-- Apart from cdc_offsets, whose rows are locked while a batch is being written.
CREATE TABLE cdc_end_offsets (
    topic TEXT NOT NULL,
    partition INT NOT NULL,
    end_offset BIGINT NOT NULL,                          -- the offset after the last message
    seen_at TIMESTAMPTZ NOT NULL,                        -- when Kafka was asked
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
