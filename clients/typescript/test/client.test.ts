import assert from "node:assert/strict";
import test from "node:test";
import { ContributionClient, ProblemError, UnexpectedAnswerError } from "../src/index.js";

/** A client whose requests `answer` answers, and the requests. */
function client(answer: (request: Request) => Response | Promise<Response>, more: { keptAnswers?: number } = {}) {
  const asked: Request[] = [];
  const fetch = async (request: Request) => {
    asked.push(request);
    return answer(request);
  };
  let tokens = 0;
  const token = async () => `token-${(tokens += 1)}`;
  return { asked, client: new ContributionClient({ baseUrl: "http://service/", token, fetch, ...more }) };
}

const json = (body: unknown, headers: Record<string, string> = {}) => Response.json(body, { headers });

test("each request has a token that is current, and a name is percent-encoded", async () => {
  const { asked, client: reads } = client(() => json({ totalContribution: "12345678901234567.1234567890" }));
  const account = await reads.account("a b/ü", { minSeq: 7 });
  assert.equal(account.totalContribution, "12345678901234567.1234567890");
  await reads.asOf("A", "2026-11-23");
  assert.deepEqual(
    asked.map((request) => [request.url, request.headers.get("authorization")]),
    [
      ["http://service/api/v1/contributions/a%20b%2F%C3%BC?minSeq=7", "Bearer token-1"],
      ["http://service/api/v1/contributions/A/as-of/2026-11-23", "Bearer token-2"],
    ],
  );
});

test("a tagged answer is asked about by its tag, and kept only so many of", async () => {
  const tags: (string | null)[] = [];
  const { client: reads } = client(
    (request) => {
      const tag = `W/"${request.url.at(-1)}"`;
      const known = request.headers.get("if-none-match");
      tags.push(known);
      if (known === tag) return new Response(null, { status: 304, headers: { etag: tag } });
      return json({ accountSequence: request.url.at(-1) }, { etag: tag });
    },
    { keptAnswers: 2 },
  );
  for (const account of ["A", "A", "B", "A", "C", "A", "B"]) {
    assert.equal((await reads.account(account)).accountSequence, account);
  }
  assert.deepEqual(tags, [null, 'W/"A"', null, 'W/"A"', null, 'W/"A"', null]);
});

test("all pages of a listing are one sequence, each asked for when it is needed", async () => {
  const { asked, client: reads } = client((request) => {
    const at = Number(new URL(request.url).searchParams.get("cursor") ?? 0);
    return json({ items: [{ accountSequence: `A${at}` }, { accountSequence: `B${at}` }], nextCursor: at < 2 ? `${at + 1}` : null });
  });
  const seen: string[] = [];
  for await (const line of reads.snapshotLines("2026-11-23")) {
    seen.push(line.accountSequence);
    assert.equal(asked.length, Math.ceil(seen.length / 2));
  }
  assert.deepEqual(seen, ["A0", "B0", "A1", "B1", "A2", "B2"]);
});

test("a problem is an error with its code", async () => {
  const problem = { type: "urn:contribution:problem:too_many_requests", title: "Too many", status: 429, detail: "later", code: "too_many_requests" };
  const headers = { "content-type": "application/problem+json", "retry-after": "3" };
  const { client: reads } = client(() => new Response(JSON.stringify(problem), { status: 429, headers }));
  await assert.rejects(reads.account("A"), (error: unknown) => {
    assert.ok(error instanceof ProblemError);
    assert.deepEqual([error.code, error.status, error.retryAfterSeconds], ["too_many_requests", 429, 3]);
    assert.deepEqual(error.problem, problem);
    return true;
  });
});

test("what answers in the service's place is told apart", async () => {
  const { client: reads } = client(() => new Response("<h1>Bad gateway</h1>", { status: 502 }));
  await assert.rejects(reads.snapshot("2026-11-23"), (error: unknown) => {
    assert.ok(error instanceof UnexpectedAnswerError);
    assert.equal(error.status, 502);
    return true;
  });
});
