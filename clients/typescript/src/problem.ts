import type { components } from "./openapi.js";

/** What a problem says (RFC 9457); `docs/errors.md` lists the codes. */
export type Problem = components["schemas"]["Problem"];

/** The service refused a request, and said why. Go by `code`: `message` is for people. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly code: string;
  readonly status: number;
  readonly problem: Problem;
  /** How long the service asks to wait before the next try, where it says so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: Problem, retryAfterSeconds?: number) {
    super(`${problem.code}: ${problem.detail}`);
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The answer is none of the service's, as of a proxy between. */
export class UnexpectedAnswerError extends Error {
  override readonly name = "UnexpectedAnswerError";

  constructor(readonly status: number) {
    super(`the answer with status ${status} is none of the Contribution Service's`);
  }
}

/** The error that an answer other than 2xx stands for. */
export function errorOf(response: Response, body: unknown): ProblemError | UnexpectedAnswerError {
  const kind = response.headers.get("content-type") ?? "";
  if (!kind.startsWith("application/problem+json") || !isProblem(body)) {
    return new UnexpectedAnswerError(response.status);
  }
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new ProblemError(body, Number.isFinite(seconds) ? seconds : undefined);
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "code" in body && typeof body.code === "string";
}
