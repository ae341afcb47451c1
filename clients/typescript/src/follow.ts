import { randomUUID } from "node:crypto";
import kafkajs, { type Kafka } from "kafkajs";
import "./lz4.js";
import { CatchingUp, positions } from "./positions.js";
import { accountEvent, snapshotEvent, UnreadableEventError } from "./events.js";
import type { AccountEvent, DailySnapshotCreated } from "./events.js";

export interface FollowOptions<Event> {
  topic?: string;
  /**
   * With a group: shares the partitions with its other members, and goes on behind what they have handled; a new group
   * begins at the beginning. Without: reads the whole topic from its beginning, alone, and leaves no trace in Kafka.
   */
  group?: string;
  /**
   * Takes the events of a stretch of one partition, in their order. The group's position moves after it: when it has
   * kept them they do not come again, but for a crash in between. It has less than 30 seconds: then the group takes this
   * reader for dead.
   */
  handle: (events: Event[]) => Promise<void> | void;
}

export interface Following {
  /** Once everything has been handled that was in this reader's partitions when it began. */
  caughtUp: Promise<void>;
  /**
   * Resolves after `stop`. Rejects when a record cannot be read or `handle` fails: the following has ended there, nothing
   * was passed over, and the group goes on with that stretch when it is followed again.
   */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** Follows what accounts have. The topic is compacted: from its beginning it tells of every account at least once. */
export function followAccounts(kafka: Kafka, options: FollowOptions<AccountEvent>): Promise<Following> {
  return follow(kafka, accountEvent, { topic: "rwa_contribution.account_events", ...options });
}

/** Follows which days are sealed. */
export function followSnapshots(kafka: Kafka, options: FollowOptions<DailySnapshotCreated>): Promise<Following> {
  return follow(kafka, snapshotEvent, { topic: "rwa_contribution.snapshot_events", ...options });
}

async function follow<Event>(
  kafka: Kafka,
  read: (value: string) => Event | undefined,
  { topic, group, handle }: FollowOptions<Event> & { topic: string },
): Promise<Following> {
  const catchingUp = new CatchingUp(await positions(kafka, topic, group));
  // a topic that the broker makes for a reader would not be compacted
  const groupId = group ?? `${topic}.${randomUUID()}`;
  // `stop` waits for the fetch under way: a second at most
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: 1_000 });
  let stopped: () => void = () => {};
  let failure: unknown;
  const ended = new Promise<void>((resolve, reject) => {
    stopped = resolve;
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (payload.restart) return;
      catchingUp.failed(failure ?? payload.error);
      reject(failure ?? payload.error);
    });
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => catchingUp.assigned(payload.memberAssignment[topic] ?? []));

  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      try {
        const events = batch.messages.map(({ value }) => {
          if (value === null) throw new UnreadableEventError("a record without value");
          return read(value.toString());
        });
        await handle(events.filter((event) => event !== undefined) as Event[]);
      } catch (error) {
        failure = error;
        throw new kafkajs.KafkaJSNonRetriableError(error as Error);
      }
      const next = BigInt(batch.lastOffset()) + 1n;
      if (group !== undefined) {
        await consumer.commitOffsets([{ topic, partition: batch.partition, offset: next.toString() }]);
      }
      catchingUp.reached(batch.partition, next);
    },
  });

  const stop = async () => {
    await consumer.disconnect();
    stopped();
  };
  return { caughtUp: catchingUp.done, ended, stop };
}
