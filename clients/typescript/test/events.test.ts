import assert from "node:assert/strict";
import test from "node:test";
import { accountEvent, snapshotEvent, UnreadableEventError } from "../src/index.js";

const CALCULATED = {
  eventId: "5f0f7b0e-0a37-4f0b-b1c5-4a8a52f1cbb5",
  eventType: "ContributionCalculated",
  accountSequence: "D25122700022",
  totalContribution: "17302.0050000000",
  effectiveContribution: "17302.0050000000",
  personalContribution: "15831.9000000000",
  teamLevelContribution: "339.2550000000",
  teamBonusContribution: "1130.8500000000",
  calculatedAt: "2026-11-23T08:00:00.000000Z",
  effectiveOn: "2026-11-23",
  epoch: 1,
  version: 7,
};
const SEALED = {
  eventId: "5f0f7b0e-0a37-4f0b-b1c5-4a8a52f1cbb6",
  eventType: "DailySnapshotCreated",
  snapshotDate: "2026-11-23",
  networkTotalContribution: "90468.0000000000",
  accountCount: 8,
  complete: true,
  merkleRoot: "ab".repeat(32),
  createdAt: "2026-11-23T08:00:00.000000Z",
};

test("events are read as they are, amounts as text, members that are added later too", () => {
  assert.deepEqual(accountEvent(JSON.stringify(CALCULATED)), CALCULATED);
  assert.deepEqual(accountEvent(JSON.stringify({ ...CALCULATED, later: 1 })), { ...CALCULATED, later: 1 });
  assert.deepEqual(snapshotEvent(JSON.stringify(SEALED)), SEALED);
});

test("types that are added later are passed over", () => {
  assert.equal(accountEvent('{"eventType":"ContributionFrozen"}'), undefined);
  assert.equal(accountEvent('{"eventType":"toString"}'), undefined);
  assert.equal(snapshotEvent(JSON.stringify(CALCULATED)), undefined);
});

test("a record that is no event is refused, by name of what is wrong", () => {
  for (const value of ["", "[", "7", "null", "[]", "{}", '{"eventType":1}']) {
    assert.throws(() => accountEvent(value), UnreadableEventError, value);
  }
  for (const [member, wrong] of [
    ["totalContribution", 17302.005],
    ["effectiveContribution", "1e5"],
    ["effectiveContribution", "NaN"],
    ["effectiveOn", "23.11.2026"],
    ["epoch", "1"],
    ["version", 2 ** 53],
    ["accountSequence", ""],
  ] as const) {
    const value = JSON.stringify({ ...CALCULATED, [member]: wrong });
    assert.throws(() => accountEvent(value), new RegExp(`ContributionCalculated: ${member}`));
  }
  assert.throws(() => snapshotEvent(JSON.stringify({ ...SEALED, merkleRoot: undefined })), /merkleRoot/);
});
