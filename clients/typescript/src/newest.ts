import type { AccountEvent, ContributionCalculated } from "./events.js";

/**
 * The newest event of each account, whatever comes late or twice.
 *
 * Figures change with `ContributionCalculated` alone, so that those of one account always belong together: after a
 * `ContributionExpired` the Calculated event with the next version brings them.
 */
export class NewestByAccount {
  readonly #accounts = new Map<string, { epoch: number; version: number; figures?: ContributionCalculated }>();

  /** Goes on from figures that were kept. */
  constructor(kept: Iterable<ContributionCalculated> = []) {
    for (const event of kept) this.take(event);
  }

  /** Takes an event that is newer than all that were taken of its account; false where it is older, or the same again. */
  take(event: AccountEvent): boolean {
    const { accountSequence, epoch, version } = event;
    const known = this.#accounts.get(accountSequence);
    if (known && !isNewer(event, known)) return false;
    const figures = event.eventType === "ContributionCalculated" ? event : known?.figures;
    this.#accounts.set(accountSequence, { epoch, version, ...(figures && { figures }) });
    return true;
  }

  /** What the account has; nothing where no event has told it. */
  figures(accountSequence: string): ContributionCalculated | undefined {
    return this.#accounts.get(accountSequence)?.figures;
  }

  /** What each account has. */
  *all(): Generator<ContributionCalculated, void> {
    for (const { figures } of this.#accounts.values()) {
      if (figures) yield figures;
    }
  }
}

interface Pair {
  epoch: number;
  version: number;
}

/** By the epoch first: versions start over when the ledger is made anew. */
export function isNewer(event: Pair, known: Pair): boolean {
  return event.epoch > known.epoch || (event.epoch === known.epoch && event.version > known.version);
}
