import createFetchClient, { type Client } from "openapi-fetch";
import { keptAnswers } from "./kept.js";
import type { components, paths } from "./openapi.js";
import { pages } from "./pages.js";
import { errorOf } from "./problem.js";

type Schemas = components["schemas"];
/** An exact decimal number as text, with 10 places. Never make it a `number`: that would round it. */
export type Amount = Schemas["Amount"];
/** A share of a whole as text, with 18 places. */
export type Ratio = Schemas["Ratio"];
export type Account = Schemas["Account"];
export type Accounts = Schemas["Accounts"];
export type OnDay = Schemas["OnDay"];
export type LedgerLine = Schemas["Detail"];
export type Snapshot = Schemas["Snapshot"];
export type SnapshotLine = Schemas["SnapshotLine"];
export type Proof = Schemas["Proof"];

type DetailsQuery = NonNullable<paths["/api/v1/contributions/{accountSequence}/details"]["get"]["parameters"]["query"]>;
/** Which ledger lines; days (`YYYY-MM-DD`) are effective dates. */
export type LedgerFilter = Pick<DetailsQuery, "sourceType" | "from" | "to">;

export interface ClientOptions {
  /** Of the service, without `/api/v1`. */
  baseUrl: string;
  /** The bearer token, or what gives a current one; left out where the service runs with `auth.mode = "off"`. */
  token?: string | (() => string | Promise<string>);
  /** After which a request fails; 10 seconds. */
  timeoutMs?: number;
  /** How many tagged answers are kept, to be asked about by their tags; 1,000. */
  keptAnswers?: number;
  /** In place of the platform's. */
  fetch?: (request: Request) => Promise<Response>;
}

/** Rows a page: as many as the service gives. */
const ROWS = 500;

/**
 * Typed reads of the service. Each gives what the service answered or throws a `ProblemError` with its `code`.
 *
 * Amounts and ratios are strings and stay strings. Days are `YYYY-MM-DD`, in the service's time zone.
 */
export class ContributionClient {
  /** Any other route of the service, typed, with the same token, kept answers and timeout; gives `data` or `error`. */
  readonly http: Client<paths>;

  constructor(options: ClientOptions) {
    const timeoutMs = options.timeoutMs ?? 10_000;
    const send = options.fetch ?? fetch;
    this.http = createFetchClient<paths>({
      baseUrl: options.baseUrl.replace(/\/+$/, ""),
      fetch: (request) => send(new Request(request, { signal: AbortSignal.timeout(timeoutMs) })),
    });
    const { token } = options;
    if (token !== undefined) {
      this.http.use({
        async onRequest({ request }) {
          request.headers.set("authorization", `Bearer ${typeof token === "string" ? token : await token()}`);
          return request;
        },
      });
    }
    this.http.use(keptAnswers(options.keptAnswers ?? 1_000));
  }

  /** An account as it stands. With `minSeq` the answer includes that entry of the journal. */
  async account(accountSequence: string, query: { minSeq?: number } = {}): Promise<Account> {
    return found(
      await this.http.GET("/api/v1/contributions/{accountSequence}", { params: { path: { accountSequence }, query } }),
    );
  }

  /** Up to 500 accounts as they stand, at one moment; those that nobody has heard of are in `unknown`. */
  async batchGet(accountSequences: string[]): Promise<Accounts> {
    return found(await this.http.POST("/api/v1/contributions:batchGet", { body: { accountSequences } }));
  }

  /** The account's effective contribution on a past or future day, by the lines that there are now. */
  async asOf(accountSequence: string, date: string): Promise<OnDay> {
    const params = { path: { accountSequence, date } };
    return found(await this.http.GET("/api/v1/contributions/{accountSequence}/as-of/{date}", { params }));
  }

  /** The account's ledger lines, newest first. */
  details(accountSequence: string, filter: LedgerFilter = {}): AsyncGenerator<LedgerLine, void> {
    return pages(async (cursor) => {
      const params = { path: { accountSequence }, query: { ...filter, ...page(cursor) } };
      return found(await this.http.GET("/api/v1/contributions/{accountSequence}/details", { params }));
    });
  }

  /** The headers of the sealed snapshots, newest first. */
  snapshots(): AsyncGenerator<Snapshot, void> {
    return pages(async (cursor) => found(await this.http.GET("/api/v1/snapshots", { params: { query: page(cursor) } })));
  }

  /** The header of a day's snapshot; a `ProblemError` with code `snapshot_unknown` before it is sealed. */
  async snapshot(date: string): Promise<Snapshot> {
    return found(await this.http.GET("/api/v1/snapshots/{date}", { params: { path: { date } } }));
  }

  /** Every line of a day's snapshot, in the order of the accounts. */
  snapshotLines(date: string): AsyncGenerator<SnapshotLine, void> {
    return pages(async (cursor) => {
      const params = { path: { date }, query: page(cursor) };
      return found(await this.http.GET("/api/v1/snapshots/{date}/accounts", { params }));
    });
  }

  /** One account's line; a `ProblemError` with code `account_not_in_snapshot` where it has no share of the day. */
  async snapshotLine(date: string, accountSequence: string): Promise<SnapshotLine> {
    const params = { path: { date, accountSequence } };
    return found(await this.http.GET("/api/v1/snapshots/{date}/accounts/{accountSequence}", { params }));
  }

  /** What shows that the account's line is part of the snapshot with the root that `DailySnapshotCreated` told. */
  async proof(date: string, accountSequence: string): Promise<Proof> {
    const params = { path: { date, accountSequence } };
    return found(await this.http.GET("/api/v1/snapshots/{date}/accounts/{accountSequence}/proof", { params }));
  }
}

function page(cursor: string | undefined): { limit: number; cursor?: string } {
  return cursor === undefined ? { limit: ROWS } : { limit: ROWS, cursor };
}

function found<Body>(answer: { data?: Body; error?: unknown; response: Response }): Body {
  if (answer.data === undefined) throw errorOf(answer.response, answer.error);
  return answer.data;
}
