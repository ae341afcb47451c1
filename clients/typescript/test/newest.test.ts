import assert from "node:assert/strict";
import test from "node:test";
import { isNewer, NewestByAccount, type ContributionCalculated, type ContributionExpired } from "../src/index.js";

function calculated(accountSequence: string, epoch: number, version: number): ContributionCalculated {
  return {
    eventType: "ContributionCalculated",
    eventId: `${accountSequence}-${epoch}-${version}`,
    accountSequence,
    epoch,
    version,
    personalContribution: "0.0000000000",
    teamLevelContribution: "0.0000000000",
    teamBonusContribution: "0.0000000000",
    totalContribution: "0.0000000000",
    effectiveContribution: `${version}.0000000000`,
    effectiveOn: "2026-11-23",
    calculatedAt: "2026-11-23T08:00:00.000000Z",
  };
}

function expired(accountSequence: string, epoch: number, version: number): ContributionExpired {
  return {
    eventType: "ContributionExpired",
    eventId: `${accountSequence}-${epoch}-${version}`,
    accountSequence,
    epoch,
    version,
    expiredAmount: "1.0000000000",
    effectiveContribution: `${version}.0000000000`,
    businessDay: "2026-11-24",
  };
}

test("what is older or comes again changes nothing", () => {
  const newest = new NewestByAccount();
  const taken = [2, 1, 3, 3, 2].map((version) => newest.take(calculated("A", 1, version)));
  assert.deepEqual(taken, [true, false, true, false, false]);
  assert.equal(newest.figures("A")?.version, 3);
  assert.equal(newest.figures("B"), undefined);
});

test("an epoch that was raised holds over every version before", () => {
  assert.ok(isNewer({ epoch: 2, version: 1 }, { epoch: 1, version: 900 }));
  const newest = new NewestByAccount([calculated("A", 1, 900)]);
  assert.ok(newest.take(calculated("A", 2, 1)));
  assert.ok(!newest.take(calculated("A", 1, 901)));
  assert.equal(newest.figures("A")?.effectiveContribution, "1.0000000000");
});

test("an expiry is told once, and the figures come with the event behind it", () => {
  const newest = new NewestByAccount();
  assert.ok(newest.take(calculated("A", 1, 1)));
  assert.ok(newest.take(expired("A", 1, 2)));
  assert.ok(!newest.take(expired("A", 1, 2)));
  assert.equal(newest.figures("A")?.version, 1);
  assert.ok(newest.take(calculated("A", 1, 3)));
  assert.ok(!newest.take(expired("A", 1, 2)));
  assert.deepEqual([...newest.all()], [calculated("A", 1, 3)]);
});

test("an account of which only an expiry was read has no figures yet", () => {
  const newest = new NewestByAccount();
  assert.ok(newest.take(expired("A", 1, 2)));
  assert.equal(newest.figures("A"), undefined);
  assert.deepEqual([...newest.all()], []);
});
