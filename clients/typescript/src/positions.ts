import type { Kafka } from "kafkajs";

/** Where a reader of a partition begins, and where the partition ended when it was asked. */
interface Position {
  next: bigint;
  end: bigint;
}

/** The partitions of a topic, with the group's positions; from the beginning where it has none, or without a group. */
export async function positions(kafka: Kafka, topic: string, group: string | undefined): Promise<Map<number, Position>> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const found = new Map<number, Position>();
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
      found.set(partition, { next: BigInt(low), end: BigInt(high) });
    }
    if (group !== undefined) {
      const committed = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      for (const { partition, offset } of committed.flatMap((of) => of.partitions)) {
        const position = found.get(partition);
        if (position && BigInt(offset) > position.next) position.next = BigInt(offset);
      }
    }
    return found;
  } finally {
    await admin.disconnect();
  }
}

/** Tells when everything has been read that was there at first. */
export class CatchingUp {
  readonly done: Promise<void>;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  readonly #behind = new Map<number, bigint>();
  #assigned = false;

  constructor(from: Map<number, Position>) {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // whoever does not wait for it learns of a failure by `ended`
    this.done.catch(() => {});
    for (const [partition, { next, end }] of from) {
      if (next < end) this.#behind.set(partition, end);
    }
  }

  /** These partitions are this reader's; the others of the group read the rest. */
  assigned(partitions: number[]): void {
    if (!this.#assigned) {
      for (const partition of [...this.#behind.keys()]) {
        if (!partitions.includes(partition)) this.#behind.delete(partition);
      }
      this.#assigned = true;
    }
    this.#look();
  }

  /** Everything before `next` has been handled. */
  reached(partition: number, next: bigint): void {
    const end = this.#behind.get(partition);
    if (end !== undefined && next >= end) this.#behind.delete(partition);
    this.#look();
  }

  failed(error: unknown): void {
    this.#reject(error);
  }

  #look(): void {
    if (this.#assigned && this.#behind.size === 0) this.#resolve();
  }
}
