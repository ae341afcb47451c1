import assert from "node:assert/strict";
import test from "node:test";
import { ContributionClient, ProblemError } from "../../src/index.js";
import { client, DAY, TOKEN, URL_OF_SERVICE } from "./stand.js";

const code = (expected: string) => (error: unknown) => error instanceof ProblemError && error.code === expected;

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test("an account, by itself, among others and on another day", async () => {
  const account = await client.account("A", { minSeq: 4 });
  assert.equal(account.totalContribution, "17302.0050000000");
  assert.equal(account.effectiveOn, DAY);
  const { items, unknown } = await client.batchGet(["A", "nobody"]);
  assert.deepEqual(items.map((item) => item.effectiveContribution), ["17302.0050000000"]);
  assert.deepEqual(unknown, ["nobody"]);
  assert.equal((await client.asOf("A", DAY)).effectiveContribution, "17302.0050000000");
  assert.equal((await client.asOf("A", "2020-02-29")).effectiveContribution, "0.0000000000");
});

test("what has not changed crosses the network once", async () => {
  const statuses: number[] = [];
  const counting = async (request: Request) => {
    const response = await fetch(request);
    statuses.push(response.status);
    return response;
  };
  const reads = new ContributionClient({ baseUrl: URL_OF_SERVICE, token: TOKEN, fetch: counting });
  assert.deepEqual(await reads.snapshotLine(DAY, "A"), await reads.snapshotLine(DAY, "A"));
  assert.deepEqual(await reads.account("A"), await reads.account("A"));
  assert.deepEqual(statuses, [200, 304, 200, 304]);
});

test("ledger lines add up to the account", async () => {
  const lines = await all(client.details("A"));
  assert.equal(lines.length, 6);
  assert.equal(lines[0]?.distributionSeq, 4);
  const bonus = await all(client.details("A", { sourceType: "TEAM_BONUS" }));
  assert.deepEqual(bonus.map((line) => line.amount), ["565.4250000000", "565.4250000000"]);
});

test("lines of the snapshot sum to its total, and a line is proven by a path to its root", async () => {
  const [newest] = await all(client.snapshots());
  const header = await client.snapshot(DAY);
  assert.deepEqual(newest, header);
  const lines = await all(client.snapshotLines(DAY));
  assert.equal(lines.length, header.accountCount);
  const units = (amount: string) => BigInt(amount.replace(".", ""));
  const sum = lines.reduce((sum, line) => sum + units(line.effectiveContribution), 0n);
  assert.equal(sum, units(header.networkTotalContribution));
  const ratios = lines.reduce((sum, line) => sum + units(line.contributionRatio), 0n);
  assert.equal(ratios, 10n ** 18n);
  const [line, proof] = [await client.snapshotLine(DAY, "A"), await client.proof(DAY, "A")];
  assert.ok(lines.some((one) => one.accountSequence === "A" && one.contributionRatio === line.contributionRatio));
  assert.deepEqual([proof.merkleRoot, proof.contributionRatio], [header.merkleRoot, line.contributionRatio]);
});

test("refusals have their codes", async () => {
  await assert.rejects(client.account("nobody"), code("account_unknown"));
  await assert.rejects(client.account("x".repeat(30)), code("invalid_account_sequence"));
  await assert.rejects(client.snapshot("2020-02-29"), code("snapshot_unknown"));
  await assert.rejects(client.proof(DAY, "nobody"), code("account_not_in_snapshot"));
  await assert.rejects(new ContributionClient({ baseUrl: URL_OF_SERVICE }).account("A"), code("token_missing"));
});

test("the other routes are typed too", async () => {
  const { data } = await client.http.GET("/api/v1/network/total", {});
  assert.equal(typeof data?.asOf.distributionSeq, "number");
});
