export * from "./client.js";
export * from "./events.js";
export { type FollowOptions, followAccounts, type Following, followSnapshots } from "./follow.js";
export { isNewer, NewestByAccount } from "./newest.js";
export type { components, operations, paths } from "./openapi.js";
export { type Problem, ProblemError, UnexpectedAnswerError } from "./problem.js";
