import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import { Kafka, logLevel } from "kafkajs";
import { followSnapshots, type DailySnapshotCreated } from "../../src/index.js";
import { BROKERS, client, DAY, SNAPSHOT_EVENTS } from "./stand.js";

const kafka = new Kafka({ clientId: "live-test", brokers: BROKERS, logLevel: logLevel.ERROR });

/** The events of the topic that are there now. */
async function read(group?: string): Promise<DailySnapshotCreated[]> {
  const events: DailySnapshotCreated[] = [];
  const following = await followSnapshots(kafka, {
    topic: SNAPSHOT_EVENTS,
    ...(group && { group }),
    handle(some) {
      events.push(...some);
    },
  });
  await following.caughtUp;
  await following.stop();
  await following.ended;
  return events;
}

test("the event of a sealed day tells the root that its header has", async () => {
  const header = await client.snapshot(DAY);
  for (const event of await read()) {
    assert.equal(event.snapshotDate, DAY);
    assert.equal(event.merkleRoot, header.merkleRoot);
    assert.equal(event.networkTotalContribution, header.networkTotalContribution);
    assert.equal(event.accountCount, header.accountCount);
  }
});

test("a group goes on where it was, and whoever has none begins again", async () => {
  const group = `live-test-${randomUUID()}`;
  assert.equal((await read(group)).length, 1);
  assert.equal((await read(group)).length, 0);
  assert.equal((await read()).length, 1);
});

test("a failure of the handler ends the following, and the group has it again", async () => {
  const group = `live-test-${randomUUID()}`;
  const full = new Error("the disk is full");
  const failing = await followSnapshots(kafka, {
    topic: SNAPSHOT_EVENTS,
    group,
    handle() {
      throw full;
    },
  });
  await assert.rejects(failing.ended, full);
  await assert.rejects(failing.caughtUp, full);
  await failing.stop();
  assert.equal((await read(group)).length, 1);
});
