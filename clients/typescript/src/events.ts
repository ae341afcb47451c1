import type { Amount } from "./client.js";

/** What an account has from now on. Of two events of an account the one with the larger (`epoch`, `version`) holds. */
export interface ContributionCalculated {
  eventType: "ContributionCalculated";
  /** The same on every redelivery. */
  eventId: string;
  accountSequence: string;
  epoch: number;
  version: number;
  personalContribution: Amount;
  teamLevelContribution: Amount;
  teamBonusContribution: Amount;
  totalContribution: Amount;
  effectiveContribution: Amount;
  /** The day (`YYYY-MM-DD`) for which `effectiveContribution` holds. */
  effectiveOn: string;
  calculatedAt: string;
}

/** Contribution of an account expired with `businessDay`. A `ContributionCalculated` with the next version follows. */
export interface ContributionExpired {
  eventType: "ContributionExpired";
  eventId: string;
  accountSequence: string;
  epoch: number;
  version: number;
  expiredAmount: Amount;
  effectiveContribution: Amount;
  businessDay: string;
}

/** The events of `rwa_contribution.account_events`. */
export type AccountEvent = ContributionCalculated | ContributionExpired;

/** The snapshot of a day is sealed: what that day is paid by. The event of `rwa_contribution.snapshot_events`. */
export interface DailySnapshotCreated {
  eventType: "DailySnapshotCreated";
  eventId: string;
  snapshotDate: string;
  networkTotalContribution: Amount;
  accountCount: number;
  /** False when the snapshot was sealed before every change of the day had been read. */
  complete: boolean;
  merkleRoot: string;
  createdAt: string;
}

/** A record is no event as the contract has it. */
export class UnreadableEventError extends Error {
  override readonly name = "UnreadableEventError";
}

/** The event in a record of `account_events`; nothing where its type is none of these two. */
export function accountEvent(value: string): AccountEvent | undefined {
  return read<AccountEvent>(value, {
    ContributionCalculated: {
      ...ofAccount,
      personalContribution: amount,
      teamLevelContribution: amount,
      teamBonusContribution: amount,
      totalContribution: amount,
      effectiveContribution: amount,
      effectiveOn: day,
      calculatedAt: text,
    },
    ContributionExpired: { ...ofAccount, expiredAmount: amount, effectiveContribution: amount, businessDay: day },
  });
}

/** The event in a record of `snapshot_events`; nothing where its type is another one. */
export function snapshotEvent(value: string): DailySnapshotCreated | undefined {
  return read<DailySnapshotCreated>(value, {
    DailySnapshotCreated: {
      eventId: text,
      snapshotDate: day,
      networkTotalContribution: amount,
      accountCount: whole,
      complete: (value) => typeof value === "boolean",
      merkleRoot: matches(/^[0-9a-f]{64}$/),
      createdAt: text,
    },
  });
}

type Check = (value: unknown) => boolean;
/** For each type of event, what its members have to be. */
type Shapes<Event extends { eventType: string }> = {
  [Type in Event["eventType"]]: Record<Exclude<keyof Extract<Event, { eventType: Type }>, "eventType">, Check>;
};

const text: Check = (value) => typeof value === "string" && value !== "";
const whole: Check = (value) => Number.isSafeInteger(value);
const amount = matches(/^-?[0-9]+(\.[0-9]{1,10})?$/);
const day = matches(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/);
const ofAccount = { eventId: text, accountSequence: text, epoch: whole, version: whole };

function matches(pattern: RegExp): Check {
  return (value) => typeof value === "string" && pattern.test(value);
}

function read<Event extends { eventType: string }>(value: string, shapes: Shapes<Event>): Event | undefined {
  const event = members(value);
  const type = event["eventType"];
  if (typeof type !== "string") throw new UnreadableEventError("an event without eventType");
  // types that are added later are none of this reader's business
  if (!Object.hasOwn(shapes, type)) return undefined;
  const shape: Record<string, Check> = shapes[type as Event["eventType"]];
  for (const [name, holds] of Object.entries(shape)) {
    if (!holds(event[name])) throw new UnreadableEventError(`${type}: ${name} is missing or not as agreed`);
  }
  return event as unknown as Event;
}

function members(value: string): Record<string, unknown> {
  let event: unknown;
  try {
    event = JSON.parse(value);
  } catch {
    throw new UnreadableEventError("not JSON");
  }
  if (typeof event !== "object" || event === null) throw new UnreadableEventError("no JSON object");
  return event as Record<string, unknown>;
}
