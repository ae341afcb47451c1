// What the tests against a running service are told by their environment; `crates/query-api/tests/client.rs` runs them.
import { ContributionClient } from "../../src/index.js";

function required(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: these tests need a service that has carried out the worked example`);
  return value;
}

export const URL_OF_SERVICE = required("CONTRIBUTION_URL");
export const TOKEN = required("CONTRIBUTION_TOKEN");
/** The business day, which is sealed. */
export const DAY = required("CONTRIBUTION_DAY");
export const BROKERS = required("CONTRIBUTION_KAFKA_BROKERS").split(",");
export const SNAPSHOT_EVENTS = required("CONTRIBUTION_SNAPSHOT_EVENTS");

export const client = new ContributionClient({ baseUrl: URL_OF_SERVICE, token: TOKEN });
