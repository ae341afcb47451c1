// Made of docs/openapi.json by `npm run generate`: change nothing here.

export interface paths {
    "/api/v1/adoptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Adoptions that wait, are stalled, anomalous or changed
         * @description In the order of upstream's ids. What is distributed as it stands is not among them.
         */
        get: operations["getAdoptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/adoptions.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Adoptions that are not distributed as they stand, as CSV
         * @description In the order of upstream's ids, each as it stands when its page is written.
         */
        get: operations["getAdoptionsCsv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/adoptions/{originalAdoptionId}/explanation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every slot of every entry of an adoption: to whom, or why to nobody
         * @description The slots follow from the journal row and its plan alone; of an entry that is carried out they are the stored lines, and `asComputed` says whether those are the ones that follow.
         */
        get: operations["getAdoptionsOriginalAdoptionIdExplanation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/conservation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The identities of the books that are watched live
         * @description Two ways to each number, read in one snapshot; kept for at most a minute. After a start the ledger is summed first, and `holds` is null until that is done.
         */
        get: operations["getConservation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contributions/{accountSequence}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An account as it stands
         * @description The effective contribution holds for `effectiveOn`. Zeros after the first user, referral or entry that names the account; 404 before.
         */
        get: operations["getContributionsAccountSequence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contributions/{accountSequence}/as-of/{date}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An account's effective contribution on a day
         * @description Any day, past or to come, by everything carried out until now: it is no sealed snapshot.
         */
        get: operations["getContributionsAccountSequenceAsOfDate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contributions/{accountSequence}/calendar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What of an account takes effect and expires when
         * @description Days on which nothing turns are left out.
         */
        get: operations["getContributionsAccountSequenceCalendar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contributions/{accountSequence}/details": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An account's lines of the ledger
         * @description Newest first.
         */
        get: operations["getContributionsAccountSequenceDetails"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contributions/{accountSequence}/details.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An account's lines of the ledger, as CSV
         * @description All lines through the distribution watermark, newest first, by RFC 4180; a text that a spreadsheet would take for a formula begins with an apostrophe.
         */
        get: operations["getContributionsAccountSequenceDetailsCsv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contributions/{accountSequence}/formula": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An account by what is unlocked now, beside its ledger
         * @description The ledger goes by what was unlocked when each adoption was numbered. The formula adds what nobody received, line by line, where this account would have and has unlocked that level or tier by now.
         */
        get: operations["getContributionsAccountSequenceFormula"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contributions/{accountSequence}/team": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An account's team by level: what it brought, and what was missed
         * @description Accounts stand where upstream's referrals put them now, trees and amounts where they were distributed.
         */
        get: operations["getContributionsAccountSequenceTeam"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/contributions:batchGet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Up to 500 accounts as they stand
         * @description All of one moment. An account that is asked for twice is given twice.
         */
        post: operations["postContributionsBatchGet"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Messages that could not be read
         * @description Newest first, open ones only, without their content.
         */
        get: operations["getDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Runs of the scheduler's jobs
         * @description Newest first.
         */
        get: operations["getJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/missed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What went to headquarters because nobody could receive it
         * @description By the day on which it was booked, through the last day that the roll has added up. Sums by account come in pages, the others whole. A reversal takes its amounts off and counts its lines with the others.
         */
        get: operations["getMissed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/missed.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What went to headquarters, as CSV
         * @description The same sums, whole.
         */
        get: operations["getMissedCsv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/network/total": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The network as a whole
         * @description Kept for at most a minute. `effectiveOn` is null while a roll is bringing accounts over, `unallocated.byType` while the ledger is being summed after a start.
         */
        get: operations["getNetworkTotal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What operators asked for, and what came of it
         * @description Newest first, those of the command line included.
         */
        get: operations["getOperatorRequests"];
        put?: never;
        /**
         * Ask a worker for something
         * @description The request is noted; the worker that owns the thing carries it out once, and `Location` tells what came of it.
         */
        post: operations["postOperatorRequests"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/operator-requests/{requestId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One request of an operator */
        get: operations["getOperatorRequestsRequestId"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/simulations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What an adoption or another plan would do
         * @description Writes nothing. One plan is simulated at a time, for at most 10 seconds.
         */
        post: operations["postSimulations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sealed snapshots
         * @description Newest first.
         */
        get: operations["getSnapshots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots/{date}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The sealed snapshot of a day
         * @description It never changes.
         */
        get: operations["getSnapshotsDate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots/{date}/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The lines of a snapshot
         * @description In byte order of the account, which is the order of the proofs.
         */
        get: operations["getSnapshotsDateAccounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots/{date}/accounts.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The lines of a snapshot, as CSV
         * @description All of them, in byte order of the account.
         */
        get: operations["getSnapshotsDateAccountsCsv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots/{date}/accounts/{accountSequence}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An account's line of a snapshot */
        get: operations["getSnapshotsDateAccountsAccountSequence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots/{date}/accounts/{accountSequence}/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The proof that a line is part of a snapshot
         * @description Leads from the line to the snapshot's root: `docs/snapshot-tree.md`, `contribctl snapshot verify-proof`.
         */
        get: operations["getSnapshotsDateAccountsAccountSequenceProof"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/snapshots/{date}/drift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What entries booked after the seal would have changed
         * @description Accounts in byte order; `total` is of all pages.
         */
        get: operations["getSnapshotsDateDrift"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sync-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far every stage has come
         * @description Kept for at most a minute: `checkedAt` says when it was read.
         */
        get: operations["getSyncStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system-accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The four system accounts
         * @description `effectiveOn` is null while a roll is bringing accounts over.
         */
        get: operations["getSystemAccounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/unallocated": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lines that nobody could receive
         * @description Newest first.
         */
        get: operations["getUnallocated"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/unallocated.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lines that nobody could receive, as CSV
         * @description All lines through the distribution watermark, newest first.
         */
        get: operations["getUnallocatedCsv"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An account of the upline after the adoption's own effect. */
        Above: {
            accountSequence: string;
            /** Format: int32 */
            directReferralAdoptedCount: number;
            level: number;
            /** Format: int32 */
            unlockedLevelDepth: number;
        };
        /** @description `GET /contributions/{accountSequence}`. */
        Account: {
            /** @description Whose. */
            accountSequence: components["schemas"]["AccountSequence"];
            /** @description Through what all this holds. */
            asOf: components["schemas"]["AsOf"];
            /**
             * Format: int32
             * @description Its direct referrals with a live adoption.
             */
            directReferralAdoptedCount: number;
            /** @description Its lines live on `effective_on`. */
            effectiveContribution: components["schemas"]["Amount"];
            /**
             * Format: date
             * @description The day for which `effective_contribution` holds.
             */
            effectiveOn: string;
            /** @description It has a live adoption. */
            hasAdopted: boolean;
            /** @description From its own adoptions. */
            personalContribution: components["schemas"]["Amount"];
            /** @description From the adoptions of its direct referrals. */
            teamBonusContribution: components["schemas"]["Amount"];
            /** @description From the adoptions of its team. */
            teamLevelContribution: components["schemas"]["Amount"];
            /** @description The three together, expired and reversed lines included. */
            totalContribution: components["schemas"]["Amount"];
            /**
             * Format: int32
             * @description Bonus tiers it shares in.
             */
            unlockedBonusTiers: number;
            /**
             * Format: int32
             * @description Levels it shares in.
             */
            unlockedLevelDepth: number;
            /**
             * Format: int64
             * @description Rises with every change; 0 before the first.
             */
            version: number;
        };
        /** @description The sums of one account. */
        AccountComparison: components["schemas"]["Compared"] & {
            /** @description The account. */
            accountSequence: components["schemas"]["AccountSequence"];
            /** @description What it would have more, or less. */
            difference: components["schemas"]["Holding"];
        };
        /** @description The name of an account: no white space, no control character, not `/`, `…` or a first `SYS-` */
        AccountSequence: string;
        /** @description `POST /contributions:batchGet`. */
        Accounts: {
            asOf: components["schemas"]["AsOf"];
            /** @description Those that are known, in the order in which they were asked for. */
            items: components["schemas"]["Account"][];
            /** @description Those that no user, referral or entry names. */
            unknown: components["schemas"]["AccountSequence"][];
        };
        AccountsTotal: {
            /** Format: int64 */
            count: number;
            effectiveContribution: components["schemas"]["Amount"];
            totalContribution: components["schemas"]["Amount"];
        };
        /** @description What can be asked for. Stored as its name and the JSON of its arguments. */
        Action: {
            /** @enum {string} */
            action: "replay_dead_letter";
            /** @description The ingestor reads the message of a dead letter once more. */
            arguments: {
                /**
                 * Format: int64
                 * @description The letter's number.
                 */
                id: number;
            };
        } | {
            /** @enum {string} */
            action: "mark_missing";
            /** @description The ingestor marks as deleted what a new snapshot of `source` did not have. */
            arguments: {
                /** @description Otherwise it is only counted. */
                apply: boolean;
                /**
                 * Format: date-time
                 * @description When the new snapshot began.
                 */
                since: string;
                /** @description Our name of the source database. */
                source: string;
            };
        } | {
            /** @enum {string} */
            action: "roll";
            /** @description The scheduler rolls the business day through `through`, however many days that is. */
            arguments: {
                /**
                 * Format: date
                 * @description The last day to roll to.
                 */
                through: string;
            };
        };
        /** @description An adoption as upstream has it now, and what became of it. */
        Adoption: {
            /** @description Its adopter. */
            accountSequence: string;
            /**
             * Format: date
             * @description When it was adopted.
             */
            adoptionDate: string;
            /** @description Whether its latest entry is a DISTRIBUTE that was carried out. */
            contributionDistributed: boolean;
            /**
             * Format: date-time
             * @description When that was.
             */
            contributionDistributedAt?: string | null;
            contributionPerTree?: components["schemas"]["Amount"] | null;
            /**
             * Format: int64
             * @description Its latest entry.
             */
            entrySeq?: number | null;
            /**
             * Format: uuid
             * @description Upstream's id.
             */
            originalAdoptionId: string;
            /** @description Why. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description When upstream created the row.
             */
            sourceCreatedAt?: string | null;
            /**
             * Format: date-time
             * @description When upstream deleted the row.
             */
            sourceDeletedAt?: string | null;
            /** @description `waiting`, `ready`, `sequenced`, `distributed`, `reversed`, `ineligible` or `anomaly`. */
            state: string;
            /** @description Upstream's status. */
            status?: string | null;
            /**
             * Format: int32
             * @description Trees.
             */
            treeCount: number;
            /** @description Upstream's price in its own words, where it cannot be stored as a number. */
            unstorablePrice?: string | null;
            /** @description The account whose referral row or move it waits for. */
            waitingFor?: string | null;
            /**
             * Format: date-time
             * @description When it came to wait, where it does.
             */
            waitingSince?: string | null;
            /** @description What to look into. */
            warning?: string | null;
        };
        /** @description What would become of an adoption. */
        AdoptionOutcome: (components["schemas"]["SimulatedAdoption"] & {
            /** @enum {string} */
            outcome: "distributed";
        }) | {
            /** @enum {string} */
            outcome: "waits";
            /** @description What for, as a waiting adoption shows it. */
            reason: string;
            waiting_for?: components["schemas"]["AccountSequence"] | null;
        } | {
            /** @enum {string} */
            outcome: "anomaly";
            /** @description Why, as an anomaly shows it. */
            reason: string;
        } | {
            /** @enum {string} */
            outcome: "ineligible";
        };
        /** @description What would become of an adoption. */
        AdoptionSimulated: components["schemas"]["AdoptionOutcome"] & {
            /**
             * Format: int64
             * @description Adoptions whose turn comes before, which may change price and unlocking.
             */
            adoptionsBefore: number;
        };
        /** @description An adoption. */
        AdoptionToSimulate: {
            /** @description Who adopts. */
            accountSequence: components["schemas"]["AccountSequence"];
            /**
             * Format: date
             * @description The day of adoption; the business day where none is given.
             */
            adoptionDate?: string | null;
            /** @description The price of one tree, as upstream would name it; by the plan's formula where none is given. */
            contributionPerTree?: string | null;
            /**
             * Format: int32
             * @description How many trees.
             */
            treeCount: number;
        };
        /** @description Exact, with 10 places */
        Amount: string;
        /** @description Through what an answer holds. */
        AsOf: {
            /**
             * Format: int64
             * @description Every entry up to it has been carried out. Some beyond it may have been.
             */
            distributionSeq: number;
            /**
             * Format: int32
             * @description Epoch of the published ledger: with an account's `version` it orders answers and events.
             */
            epoch: number;
            /**
             * Format: date-time
             * @description Every upstream change committed before it has been read; none while a source has no watermark yet.
             */
            sourceTime?: string | null;
        };
        /** @description One adoption of the backlog. */
        BacklogAdoption: {
            /** @description Its adopter. */
            accountSequence: string;
            /**
             * Format: date
             * @description When it was adopted.
             */
            adoptionDate: string;
            /**
             * Format: int64
             * @description Seconds since then.
             */
            ageSeconds: number;
            /** @description What of it was distributed so far: `distribution_state` of the adoption. */
            distributionState?: string | null;
            /**
             * Format: uuid
             * @description Upstream's id.
             */
            originalAdoptionId: string;
            /** @description Why, code first. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description When this state and reason began.
             */
            since: string;
            /** @description Whether it has waited for a referral longer than it may. */
            stalled: boolean;
            /** @description `changed`, `ready`, `waiting`, `anomaly` or `ineligible`. */
            state: string;
            /** @description Status, as upstream has it now. */
            status?: string | null;
            /**
             * Format: int32
             * @description Trees, as upstream has them now.
             */
            treeCount?: number | null;
            /** @description The account whose referral row or move it waits for. */
            waitingFor?: string | null;
            /** @description What to look into. */
            warning?: string | null;
        };
        /** @description Base distributed less base reversed. */
        BaseComparison: {
            /** @description By the simulated plan. */
            simulated: components["schemas"]["Amount"];
            /** @description By the plans that were used. */
            used: components["schemas"]["Amount"];
        };
        /** @description Which accounts. */
        Batch: {
            /** @description 1 to 500 of them. */
            accountSequences: components["schemas"]["AccountSequence"][];
        };
        /** @description Where the roll to the business day stands (RULES section 6). */
        BusinessDay: {
            /**
             * Format: date
             * @description The business day.
             */
            day: string;
            /** @description `idle`, `summing`, `accounts` or `marking`. */
            rollPhase: string;
            /** @description Where it begins and ends. */
            timeZone: string;
        };
        /** @description `…/formula`. */
        ByFormula: components["schemas"]["Formula"] & {
            accountSequence: components["schemas"]["AccountSequence"];
            asOf: components["schemas"]["AsOf"];
            /**
             * Format: int32
             * @description Bonus tiers unlocked by now, 0 to 3.
             */
            unlockedBonusTiers: number;
            /**
             * Format: int32
             * @description Levels unlocked by now, 0 to 15.
             */
            unlockedLevelDepth: number;
        };
        BySourceType: {
            PERSONAL: components["schemas"]["Amount"];
            TEAM_BONUS: components["schemas"]["Amount"];
            TEAM_LEVEL: components["schemas"]["Amount"];
        };
        /** @description `…/calendar`. */
        Calendar: {
            accountSequence: components["schemas"]["AccountSequence"];
            asOf: components["schemas"]["AsOf"];
            /** Format: date */
            from: string;
            items: components["schemas"]["Turn"][];
            /** Format: date */
            to: string;
        };
        /** @description Counts of an account after the entry. */
        Change: {
            accountSequence: string;
            /** Format: int32 */
            directReferralAdoptedCount: number;
            /** Format: int32 */
            liveAdoptions: number;
        };
        /** @description A sum by the plans that were used, and by the simulated one. */
        Compared: {
            /** @description By the simulated plan. */
            simulated: components["schemas"]["Holding"];
            /** @description By the plans that were used. */
            used: components["schemas"]["Holding"];
        };
        /** @description `GET /conservation`. */
        Conservation: {
            /** @description Whether the ledger is still being summed after a start. */
            catchingUp: boolean;
            /**
             * Format: date-time
             * @description When all sides were read.
             */
            checkedAt: string;
            /**
             * Format: int64
             * @description Every entry up to it is part of this.
             */
            distributionSeq?: number | null;
            /** @description Whether all hold; none while the ledger is still being summed. */
            holds?: boolean | null;
            /** @description The identities. */
            identities: components["schemas"]["Identity"][];
        };
        /** @description How many adoptions are in each state. */
        Counts: {
            /**
             * Format: int64
             * @description Kept and shown, not distributed.
             */
            anomaly: number;
            /**
             * Format: int64
             * @description Distributed, and changed since.
             */
            changed: number;
            /**
             * Format: int64
             * @description Not to be counted.
             */
            ineligible: number;
            /**
             * Format: int64
             * @description To be numbered.
             */
            ready: number;
            /**
             * Format: int64
             * @description Those of them that have waited for a referral longer than they may.
             */
            stalled: number;
            /**
             * Format: int64
             * @description Not to be numbered yet.
             */
            waiting: number;
        };
        /** @description A message that could not be understood. */
        DeadLetter: {
            /**
             * Format: date-time
             * @description When it was put aside.
             */
            createdAt: string;
            /** @description What is wrong, without values. */
            error: string;
            /** @description Stable code. */
            errorCode: string;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /**
             * Format: int64
             * @description Offset in the partition.
             */
            offset: number;
            /**
             * Format: uuid
             * @description Upstream primary key, where it is known.
             */
            originalId?: string | null;
            /**
             * Format: int32
             * @description Partition of the topic.
             */
            partition: number;
            /** @description The table it came from. */
            sourceTable?: string | null;
            /** @description Where it was read. */
            topic: string;
            /** @description SHA-256 of the value as it was read, in hex. */
            valueSha256?: string | null;
        };
        /** @description Open dead letters with one code. */
        DeadLetters: {
            /** @description Their code. */
            code: string;
            /**
             * Format: int64
             * @description How many.
             */
            count: number;
            /**
             * Format: date-time
             * @description When the oldest was put aside.
             */
            oldest: string;
        };
        /** @description One line of an account. */
        Detail: {
            /** @description Negative in a reversal. */
            amount: components["schemas"]["Amount"];
            /** @description Price of one tree. */
            baseContribution: components["schemas"]["Amount"];
            /**
             * Format: int32
             * @description The tier, for `TEAM_BONUS`.
             */
            bonusTier?: number | null;
            /**
             * Format: date-time
             * @description When it was written.
             */
            createdAt?: string | null;
            /** @description Its share of the base. */
            distributionRate: components["schemas"]["Rate"];
            /**
             * Format: int64
             * @description The entry.
             */
            distributionSeq: number;
            /**
             * Format: date
             * @description The first day on which it is live.
             */
            effectiveDate: string;
            /**
             * Format: date
             * @description The first day on which it is not any more.
             */
            expireDate: string;
            /**
             * Format: uuid
             * @description Made of the entry's number and the slot.
             */
            id: string;
            /** @description Whether it has expired by the business day. */
            isExpired: boolean;
            /**
             * Format: int32
             * @description The level, for `TEAM_LEVEL`.
             */
            levelDepth?: number | null;
            /**
             * Format: int32
             * @description Its share of the entry.
             */
            slot: number;
            /** @description Who adopted. */
            sourceAccountSequence: string;
            /**
             * Format: uuid
             * @description Upstream's id of the adoption it comes from.
             */
            sourceAdoptionId: string;
            /** @description `PERSONAL`, `TEAM_LEVEL` or `TEAM_BONUS`. */
            sourceType: string;
            /**
             * Format: int32
             * @description Trees of that adoption.
             */
            treeCount: number;
        };
        /** @description The workers. */
        Distribution: {
            /**
             * Format: int64
             * @description Entries numbered and not carried out.
             */
            pendingEntries: number;
            /**
             * Format: int64
             * @description Every entry up to it has been carried out.
             */
            watermark: number;
        };
        /** @description What entries booked after the seal would have changed for an account. */
        Drift: {
            /** @description Whose; system accounts as `SYS-…`. */
            accountSequence: string;
            /** @description Its lines of later entries that live on the snapshot's day. */
            drift: components["schemas"]["Amount"];
            /** @description Its effective contribution in the snapshot; zero where it has no line. */
            sealedContribution: components["schemas"]["Amount"];
        };
        /** @description `GET /snapshots/{date}/drift`: a page of accounts in byte order, and the whole. */
        Drifts: {
            asOf: components["schemas"]["AsOf"];
            items: components["schemas"]["Drift"][];
            /** @description Null on the last page. */
            nextCursor?: string | null;
            /** Format: date */
            snapshotDate: string;
            total: components["schemas"]["TotalDrift"];
            /** Format: int64 */
            watermark: number;
        };
        /** @description One entry with the facts it fixed. */
        Entry: {
            accountSequence: string;
            /** Format: date */
            adoptionDate: string;
            /** @description Whether the stored lines are those that follow from the entry; null before it is carried out. */
            asComputed?: boolean | null;
            baseAmount: string;
            /** Format: date */
            bookedDay?: string | null;
            carriedOut: boolean;
            contributionPerTree: string;
            /** Format: date-time */
            distributedAt?: string | null;
            /** Format: int64 */
            distributionSeq: number;
            /** Format: date */
            effectiveDate: string;
            effects: components["schemas"]["Change"][];
            /** Format: date */
            expireDate: string;
            kind: string;
            /** Format: int64 */
            networkTreesBefore: number;
            /** Format: date */
            numberedDay: string;
            /** Format: int32 */
            planVersion: number;
            /** Format: int32 */
            referrerTiers: number;
            /**
             * Format: int64
             * @description The entry that this one takes back.
             */
            reversesSeq?: number | null;
            /** Format: date-time */
            sequencedAt: string;
            slots: components["schemas"]["Slot"][];
            source?: components["schemas"]["Position"] | null;
            /** @description The price that upstream named; null where the plan's formula decided. */
            sourcePrice?: string | null;
            traceparent?: string | null;
            /** Format: int32 */
            treeCount: number;
            upline: components["schemas"]["Above"][];
        };
        /** @description The answer. */
        Explanation: {
            adoption: components["schemas"]["Adoption"];
            asOf: components["schemas"]["AsOf"];
            entries: components["schemas"]["Entry"][];
        };
        /** @description The formula beside the ledger. */
        Formula: {
            /** @description The formula less the ledger. */
            difference: components["schemas"]["Amount"];
            /** @description The same, and what nobody received, line by line, where the account would have and has unlocked it by now. */
            formula: components["schemas"]["Amount"];
            /** @description The account's total contribution. */
            ledger: components["schemas"]["Amount"];
            /** @description The difference, slot by slot. */
            unlockedSince: components["schemas"]["FormulaShare"][];
        };
        /** @description Shares that were not the account's when they fell due, and would be now. */
        FormulaShare: {
            /** @description What they carry. */
            amount: components["schemas"]["Amount"];
            /**
             * Format: int64
             * @description How many lines.
             */
            lines: number;
            /** @description `level 7` or `bonus tier 2`. */
            share: string;
        };
        /** @description SHA-256 in lower-case hexadecimal digits */
        Hash: string;
        /** @description What lines carry. */
        Holding: {
            /** @description Those that are live on the comparison's day. */
            effective: components["schemas"]["Amount"];
            /** @description All of them. */
            total: components["schemas"]["Amount"];
        };
        /** @description One identity: two ways to the same number. */
        Identity: {
            /**
             * Format: date-time
             * @description When both were read.
             */
            checkedAt: string;
            /** @description Found less expected. */
            difference: string;
            /** @description One way. */
            expected: string;
            /** @description The other. */
            found: string;
            /** @description Whether it is zero. */
            holds: boolean;
            /**
             * Format: int32
             * @description Its number in RULES section 8.
             */
            identity: number;
            /** @description What is compared. */
            name: string;
        };
        /** @description A run of a job. */
        JobRun: {
            /**
             * Format: date
             * @description The day it was for.
             */
            day?: string | null;
            /** @description What went wrong. */
            error?: string | null;
            /**
             * Format: date-time
             * @description When it ended; none while it is under way.
             */
            finishedAt?: string | null;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /** @description `roll`, `snapshot`, `team_stats` or `upkeep`. */
            job: string;
            /**
             * Format: int64
             * @description How many rows it wrote.
             */
            rows?: number | null;
            /**
             * Format: date-time
             * @description When it began.
             */
            startedAt: string;
        };
        /** @description What the plan would have made of the journal. */
        JournalComparison: {
            /** @description What went to accounts, by `source_type`. */
            accounts: components["schemas"]["KindComparison"][];
            /** @description Base distributed less base reversed. */
            base: components["schemas"]["BaseComparison"];
            /**
             * Format: date
             * @description The day for which effective holds.
             */
            day: string;
            /**
             * Format: int64
             * @description Entries that carry amounts: DISTRIBUTE and REVERSE.
             */
            entries: number;
            /**
             * Format: date
             * @description Adoptions of an earlier date kept the plans they had; none: the plan decided all.
             */
            from?: string | null;
            /** @description Who gains most, most first. */
            gainers: components["schemas"]["AccountComparison"][];
            /**
             * Format: int64
             * @description Accounts that would have more, less, and the same.
             */
            gaining: number;
            /** @description Who loses most, most first. */
            losers: components["schemas"]["AccountComparison"][];
            /**
             * Format: int64
             * @description See `gaining`.
             */
            losing: number;
            /** @description The simulated plan. */
            planVersion: components["schemas"]["PlanVersion"];
            /**
             * Format: int64
             * @description Those of them with another price.
             */
            repricedEntries: number;
            /**
             * Format: int64
             * @description Those of them for which the plan decided.
             */
            simulatedEntries: number;
            /** @description What went to system accounts. */
            systemAccounts: components["schemas"]["KindComparison"][];
            /** @description What went to nobody and so to headquarters, by `unalloc_type`. */
            unallocated: components["schemas"]["KindComparison"][];
            /**
             * Format: int64
             * @description See `gaining`.
             */
            unchanged: number;
        };
        /** @description The sums of one kind of line. */
        KindComparison: components["schemas"]["Compared"] & {
            /** @description A `source_type`, a system account, or an `unalloc_type`. */
            kind: string;
        };
        /** @description A level. */
        Level: {
            /**
             * Format: int64
             * @description Accounts that upstream's referrals put there; null from the level on at which 100000 were counted.
             */
            accounts?: number | null;
            /** @description What the account received from the level, expired and reversed lines included. */
            brought: components["schemas"]["Amount"];
            /**
             * Format: int32
             * @description 1 to 15.
             */
            level: number;
            /** @description What it would have received, had it unlocked the level in time (`LEVEL_LOCKED`). */
            missed: components["schemas"]["Amount"];
            /**
             * Format: int64
             * @description In how many lines.
             */
            missedLines: number;
            /**
             * Format: int32
             * @description Trees of live adoptions that were distributed with the account at this level above them.
             */
            trees: number;
        };
        /** @description A sum. */
        Missed: {
            /** @description Who missed it; only in a sum by account. */
            accountSequence?: string | null;
            /** @description How much. */
            amount: components["schemas"]["Amount"];
            /**
             * Format: int32
             * @description The level or bonus tier, 0 for what was left of rounding; only in a sum by level.
             */
            levelOrTier?: number | null;
            /**
             * Format: int64
             * @description In how many lines.
             */
            lines: number;
            /** @description Why; none in a sum by account. */
            reason?: string | null;
        };
        /** @description `GET /network/total`. */
        Network: {
            accounts: components["schemas"]["AccountsTotal"];
            asOf: components["schemas"]["AsOf"];
            /** Format: date */
            businessDay: string;
            bySourceType: components["schemas"]["BySourceType"];
            /** @description The same of what is live on `effective_on`. */
            effectiveContribution: components["schemas"]["Amount"];
            /**
             * Format: date
             * @description Null while the roll is bringing accounts over to the business day.
             */
            effectiveOn?: string | null;
            systemAccounts: components["schemas"]["System"][];
            /** @description Σ of accounts and system accounts: the base distributed less reversed. */
            totalContribution: components["schemas"]["Amount"];
            unallocated: components["schemas"]["UnallocatedTotal"];
        };
        /** @description A node of the tree: a leaf's, a block's or any other. */
        Node: {
            /** @description Over the leaf, or over both children with their sums. */
            hash: components["schemas"]["Hash"];
            /** @description Of the amounts of all leaves below. */
            sum: components["schemas"]["Amount"];
        };
        /** @description `…/as-of/{date}`. */
        OnDay: {
            accountSequence: components["schemas"]["AccountSequence"];
            asOf: components["schemas"]["AsOf"];
            /** Format: date */
            date: string;
            effectiveContribution: components["schemas"]["Amount"];
        };
        OpenLetters: {
            byCode: components["schemas"]["DeadLetters"][];
            /** Format: int64 */
            open: number;
        };
        /** @description A request. */
        OperatorRequest: {
            /** @description What for. */
            action: string;
            /** @description The action's own arguments. */
            arguments: unknown;
            /**
             * Format: date-time
             * @description When it was carried out or refused; null: not yet.
             */
            carriedOutAt?: string | null;
            /** Format: int64 */
            id: number;
            /** @description What came of it, for people. */
            outcome?: string | null;
            /** Format: date-time */
            requestedAt: string;
            /** @description The subject of the token, or the name given to the command line. */
            requestedBy: string;
            /** @description Whether it was carried out; null: not yet. */
            succeeded?: boolean | null;
        };
        /** @description The outbox. */
        Outbox: {
            /**
             * Format: int64
             * @description Events to be published.
             */
            events: number;
            /**
             * Format: date-time
             * @description Since when the oldest of them waits.
             */
            oldest?: string | null;
            /**
             * Format: int64
             * @description Seconds since then.
             */
            oldestAgeSeconds?: number | null;
        };
        /** @description As it was asked for. */
        Outcome: {
            /** @description What would become of the adoption. */
            adoption: components["schemas"]["AdoptionSimulated"];
        } | {
            /** @description What the plan would have made of the journal. */
            plan: components["schemas"]["JournalComparison"];
        };
        PageOfBacklogAdoption: {
            items: components["schemas"]["BacklogAdoption"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        PageOfDeadLetter: {
            items: components["schemas"]["DeadLetter"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        PageOfDetail: {
            items: components["schemas"]["Detail"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        PageOfJobRun: {
            items: components["schemas"]["JobRun"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        PageOfMissed: {
            items: components["schemas"]["Missed"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        PageOfOperatorRequest: {
            items: components["schemas"]["OperatorRequest"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        PageOfSnapshot: {
            items: components["schemas"]["Snapshot"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        PageOfSnapshotLine: {
            items: components["schemas"]["SnapshotLine"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        PageOfUnallocated: {
            items: components["schemas"]["Unallocated"][];
            /** @description Where the next page begins; null on the last */
            nextCursor: string | null;
        };
        /** @description A partition that is read. */
        Partition: {
            /**
             * Format: int64
             * @description Where the partition ended when Kafka last told the ingestor: the offset after the last message.
             */
            endOffset?: number | null;
            /**
             * Format: date-time
             * @description When Kafka told.
             */
            endSeenAt?: string | null;
            /**
             * Format: int64
             * @description Messages still to be read up to that end.
             */
            lag?: number | null;
            /**
             * Format: int64
             * @description Seconds since the source time of the last message read; 0 where no message is behind.
             */
            lagSeconds?: number | null;
            /**
             * Format: date-time
             * @description Source time of the last message read.
             */
            lastSourceTime?: string | null;
            /**
             * Format: int64
             * @description The offset to be read next.
             */
            offset: number;
            /**
             * Format: int32
             * @description Its number.
             */
            partition: number;
            /**
             * Format: date-time
             * @description When the offset last moved.
             */
            updatedAt: string;
        };
        /** @description A plan without its version. */
        PlanDraft: {
            /**
             * Format: date
             * @description The first adoption date it applies to; none: from the beginning of time.
             */
            applies_from?: string | null;
            /** @description System accounts whose shares live for ever. */
            never_expiring: components["schemas"]["SystemAccount"][];
            /** @description How an adoption without a price of its own is priced. */
            pricing: components["schemas"]["Pricing"];
            /** @description How an adoption is cut up; the rates of all slots sum to 1. */
            rates: components["schemas"]["Rates"];
            /**
             * Format: int32
             * @description Years for which a share lives.
             */
            term_years: number;
            /** @description What unlocks levels and tiers. */
            unlock: components["schemas"]["UnlockTable"];
        };
        /** @description A plan. */
        PlanToSimulate: {
            /**
             * Format: date
             * @description Only for adoptions of this date and later; earlier ones keep their plans.
             */
            from?: string | null;
            /** @description The plan; from when it applies plays no part. */
            plan: components["schemas"]["PlanDraft"];
            /**
             * Format: int32
             * @description Name so many accounts that gain most, and so many that lose most; 10 where nothing is said.
             */
            top?: number | null;
        };
        /**
         * Format: int32
         * @description The version of a plan
         */
        PlanVersion: number;
        /** @description Where the change stood that caused the entry. */
        Position: {
            /** Format: int64 */
            lsn: number;
            /** Format: int64 */
            offset?: number | null;
            /** Format: int32 */
            partition?: number | null;
            topic?: string | null;
        };
        /** @description The contribution of one tree, exact, with 10 places */
        Price: string;
        /**
         * @description How an adoption is priced when its source row names no price: the base contribution, raised by a
         *     percentage of itself for every `unit_size` trees of the network from `start_tree_number` on.
         */
        Pricing: {
            /** @description The price of a tree before the network reaches `start_tree_number`. */
            base_contribution: components["schemas"]["Amount"];
            /** @description What each unit adds, as a share of the base contribution; not negative. */
            increment_percentage: components["schemas"]["Rate"];
            /**
             * Format: int32
             * @description Trees of the network with which the first unit begins; not negative.
             */
            start_tree_number: number;
            /**
             * Format: int32
             * @description Trees to a unit; at least 1.
             */
            unit_size: number;
        };
        /** @description What went wrong (RFC 9457). */
        Problem: {
            /** @description Stable: see `docs/errors.md`. */
            code: string;
            /** @description About this request, for people. */
            detail: string;
            /** @description Which parameter, or which place in the body, where it is one. */
            parameter?: string | null;
            /**
             * Format: int32
             * @description The status of the answer.
             */
            status: number;
            /** @description The same for all problems of the code. */
            title: string;
            /** @description A URN that ends in the code. */
            type: string;
        };
        /** @description A line, and the nodes beside its path to the root (`docs/snapshot-tree.md`). */
        Proof: {
            /**
             * Format: int64
             * @description Lines of the snapshot.
             */
            accountCount: number;
            /** @description Whose line it is; system accounts as `SYS-…`. */
            accountSequence: string;
            /** @description Its share of the total. */
            contributionRatio: components["schemas"]["Ratio"];
            /** @description The account's effective contribution on that day. */
            effectiveContribution: components["schemas"]["Amount"];
            /**
             * Format: int64
             * @description The line's place among them in byte order of the account, from 0.
             */
            index: number;
            /** @description What the proof leads to; who checks it compares it with the root that was published. */
            merkleRoot: components["schemas"]["Hash"];
            /** @description Σ of their amounts. */
            networkTotalContribution: components["schemas"]["Amount"];
            /** @description From the leaf's neighbour up; none on levels where the node is the odd one. */
            siblings: components["schemas"]["Node"][];
            /**
             * Format: date
             * @description Of the snapshot.
             */
            snapshotDate: string;
        };
        /** @description A share of a base, with 6 places */
        Rate: string;
        /** @description How an adoption is cut up: the rate of each kind of slot (RULES section 4). */
        Rates: {
            /** @description The share of each of the 3 bonus tiers. */
            bonus_per: components["schemas"]["Rate"];
            /** @description The share of the city. */
            city: components["schemas"]["Rate"];
            /** @description The share of each of the 15 levels. */
            level_per: components["schemas"]["Rate"];
            /** @description The share of operations. */
            operation: components["schemas"]["Rate"];
            /** @description The adopter's own share. */
            personal: components["schemas"]["Rate"];
            /** @description The share of the province. */
            province: components["schemas"]["Rate"];
        };
        /** @description A share of a whole, with 18 places */
        Ratio: string;
        /** @description The sequencer. */
        Sequencer: {
            /** @description Whether numbering may begin. */
            bootstrapOpen: boolean;
            /**
             * Format: date-time
             * @description Since when.
             */
            bootstrapOpenedAt?: string | null;
            /** @description Who opened it. */
            bootstrapOpenedBy?: string | null;
            /**
             * Format: date-time
             * @description Every change read before it has been judged.
             */
            judgedThrough?: string | null;
            /**
             * Format: int64
             * @description The last number given.
             */
            lastSeq: number;
            /**
             * Format: int64
             * @description Counts the leaders there have been.
             */
            leaderTerm: number;
            /**
             * Format: int64
             * @description Trees of the network, for the price formula.
             */
            networkTrees: number;
            /**
             * Format: int64
             * @description Changes still to be looked at.
             */
            queueLength: number;
            /**
             * Format: date-time
             * @description When the oldest of them was queued.
             */
            queueOldest?: string | null;
        };
        /** @description `POST /simulations`. */
        Simulated: components["schemas"]["Outcome"] & {
            asOf: components["schemas"]["AsOf"];
        };
        /** @description An adoption as it would be distributed. */
        SimulatedAdoption: {
            /** @description The adopter. */
            accountSequence: components["schemas"]["AccountSequence"];
            /**
             * Format: date
             * @description The day of adoption.
             */
            adoptionDate: string;
            /** @description Trees × price. */
            baseAmount: components["schemas"]["Amount"];
            /** @description The price of one tree. */
            contributionPerTree: components["schemas"]["Price"];
            /**
             * Format: date
             * @description The first day on which its lines are live.
             */
            effectiveDate: string;
            /**
             * Format: date
             * @description The first day on which they are not any more, but for those that never expire.
             */
            expireDate: string;
            /**
             * Format: int64
             * @description Trees of the network before it, `B` of RULES section 3.
             */
            networkTreesBefore: number;
            /** @description The plan that decides. */
            planVersion: components["schemas"]["PlanVersion"];
            /** @description Whether the plan's formula gave that price; otherwise it was named. */
            pricedByFormula: boolean;
            /**
             * Format: int32
             * @description Bonus tiers the direct referrer has unlocked, after that effect.
             */
            referrerTiers: number;
            /** @description Every line, by slot. */
            slots: components["schemas"]["SimulatedSlot"][];
            /**
             * Format: int32
             * @description Trees adopted.
             */
            treeCount: number;
            /** @description What it unlocks, for the adopter and for the direct referrer; those for whom nothing changes are left out. */
            unlocks: components["schemas"]["UnlockChange"][];
            /** @description The upline, nearest first, as it stands after the adoption's own effect. */
            upline: components["schemas"]["SimulatedAncestor"][];
        };
        /** @description An account of the upline. */
        SimulatedAncestor: {
            /** @description The account. */
            accountSequence: components["schemas"]["AccountSequence"];
            /**
             * Format: int32
             * @description Its direct referrals that have adopted.
             */
            directReferralAdoptedCount: number;
            /**
             * Format: int32
             * @description Levels it has unlocked, 0 to 15.
             */
            unlockedLevelDepth: number;
        };
        /** @description A line: to whom it would go, or why to nobody. */
        SimulatedSlot: {
            accountSequence?: components["schemas"]["AccountSequence"] | null;
            /** @description What it carries. */
            amount: components["schemas"]["Amount"];
            /**
             * Format: date
             * @description The first day on which it is live.
             */
            effectiveDate: string;
            /**
             * Format: date
             * @description The first day on which it is not any more; none where it never expires.
             */
            expireDate?: string | null;
            /** @description Its share of the base. */
            rate: components["schemas"]["Rate"];
            /** @description Why nobody receives it. */
            reason?: string | null;
            /** @description `PERSONAL`, `OPERATION`, …, `LEVEL_7`, `BONUS_TIER_2`, `ROUNDING`, `HEADQUARTERS`. */
            share: string;
            /**
             * Format: int32
             * @description 0 to 23.
             */
            slot: number;
            systemAccount?: components["schemas"]["SystemAccount"] | null;
            wouldBeAccountSequence?: components["schemas"]["AccountSequence"] | null;
        };
        /** @description What to simulate. */
        Simulation: {
            /** @description An adoption, if its turn were now. */
            adoption: components["schemas"]["AdoptionToSimulate"];
        } | {
            /** @description A plan, instead of those that were used. */
            plan: components["schemas"]["PlanToSimulate"];
        };
        /** @description One slot: to whom, or why to nobody. */
        Slot: {
            accountSequence?: string | null;
            amount: components["schemas"]["Amount"];
            /** Format: date */
            effectiveDate?: string | null;
            /**
             * Format: date
             * @description Null where it never expires.
             */
            expireDate?: string | null;
            /**
             * Format: uuid
             * @description Its line in the ledger, once it is there.
             */
            lineId?: string | null;
            rate?: components["schemas"]["Rate"] | null;
            /** @description Why nobody received it. */
            reason?: string | null;
            /** @description `PERSONAL`, `OPERATION`, …, `LEVEL_7`, `BONUS_TIER_2`, `ROUNDING`, `HEADQUARTERS`. */
            share: string;
            /** Format: int32 */
            slot: number;
            systemAccount?: string | null;
            to: components["schemas"]["To"];
            wouldBeAccountSequence?: string | null;
        };
        /** @description The header of a sealed snapshot. */
        Snapshot: {
            /**
             * Format: int64
             * @description How many lines it has.
             */
            accountCount: number;
            /** @description Nothing that belongs to it was left open. */
            complete: boolean;
            /** @description The root of its tree. */
            merkleRoot: components["schemas"]["Hash"];
            /** @description Σ of its lines. */
            networkTotalContribution: components["schemas"]["Amount"];
            /**
             * Format: date-time
             * @description When it was sealed.
             */
            sealedAt: string;
            /**
             * Format: date
             * @description Of which day.
             */
            snapshotDate: string;
            /**
             * Format: int64
             * @description It holds the lines of the entries through this one.
             */
            watermark: number;
        };
        /** @description An account's line of a snapshot. */
        SnapshotLine: {
            /** @description Whose; system accounts as `SYS-…`. */
            accountSequence: string;
            /** @description The line's share of it; all shares sum to 1. */
            contributionRatio: components["schemas"]["Ratio"];
            /** @description What was live that day. */
            effectiveContribution: components["schemas"]["Amount"];
            /** @description Σ of all lines. */
            networkTotalContribution: components["schemas"]["Amount"];
            /**
             * Format: date
             * @description Of which day.
             */
            snapshotDate: string;
        };
        /** @description A source database. */
        Source: {
            /**
             * Format: int32
             * @description Its epoch, raised by an operator.
             */
            epoch: number;
            /** @description Our name of it. */
            source: string;
            /**
             * Format: date-time
             * @description When it last rose.
             */
            updatedAt: string;
            /**
             * Format: date-time
             * @description Everything committed before it has been read.
             */
            watermark?: string | null;
            /** @description What that rests on: `heartbeat` or `rows`. */
            watermarkBy?: string | null;
        };
        /** @description `GET /sync-status`. */
        SyncStatus: {
            adoptions: components["schemas"]["Counts"];
            businessDay: components["schemas"]["BusinessDay"];
            /** Format: date-time */
            checkedAt: string;
            deadLetters: components["schemas"]["OpenLetters"];
            distribution: components["schemas"]["Distribution"];
            /** Format: int32 */
            epoch: number;
            outbox: components["schemas"]["Outbox"];
            sequencer: components["schemas"]["Sequencer"];
            sources: components["schemas"]["Source"][];
            topics: components["schemas"]["Topic"][];
        };
        /** @description A system account. */
        System: {
            /** @description Which. */
            accountType: components["schemas"]["SystemAccount"];
            /** @description All its lines. */
            contributionBalance: components["schemas"]["Amount"];
            /** @description Whether its lines live for ever by the plan in force. */
            contributionNeverExpires: boolean;
            /** @description Its live lines. */
            effectiveBalance: components["schemas"]["Amount"];
            /** @description As people call it. */
            name: string;
            /**
             * Format: int64
             * @description Rises with every change.
             */
            version: number;
        };
        /**
         * @description A system account.
         * @enum {string}
         */
        SystemAccount: "OPERATION" | "PROVINCE" | "CITY" | "HEADQUARTERS";
        SystemAccounts: {
            asOf: components["schemas"]["AsOf"];
            /** Format: date */
            effectiveOn?: string | null;
            items: components["schemas"]["System"][];
        };
        /** @description The levels and tiers of an account. */
        Team: {
            /** @description Levels 1 to 15. */
            levels: components["schemas"]["Level"][];
            /** @description Bonus tiers 1 to 3. */
            tiers: components["schemas"]["Tier"][];
            /**
             * Format: date
             * @description The day at whose end the trees are counted: the last that is over and on which something changed; null where
             *     there was none.
             */
            treesOn?: string | null;
        };
        /** @description `…/team`. */
        TeamOf: components["schemas"]["Team"] & {
            accountSequence: components["schemas"]["AccountSequence"];
            asOf: components["schemas"]["AsOf"];
            /**
             * Format: int32
             * @description Bonus tiers unlocked by now, 0 to 3.
             */
            unlockedBonusTiers: number;
            /**
             * Format: int32
             * @description Levels unlocked by now, 0 to 15.
             */
            unlockedLevelDepth: number;
        };
        /** @description A bonus tier. */
        Tier: {
            /** @description What the account received by the tier, expired and reversed lines included. */
            brought: components["schemas"]["Amount"];
            /** @description What it would have received, had it unlocked the tier in time (`TIER_LOCKED`). */
            missed: components["schemas"]["Amount"];
            /**
             * Format: int64
             * @description In how many lines.
             */
            missedLines: number;
            /**
             * Format: int32
             * @description 1 to 3.
             */
            tier: number;
        };
        /**
         * @description Where a slot goes.
         * @enum {string}
         */
        To: "ACCOUNT" | "SYSTEM" | "UNALLOCATED" | "NOTHING";
        /** @description A topic that is read. */
        Topic: {
            /** @description How far its initial snapshot has been read: `reading`, `ending` or `complete`. */
            bootstrap?: string | null;
            /** @description What ended the snapshot. */
            bootstrapEndedBy?: string | null;
            /**
             * Format: int64
             * @description The greatest lsn read.
             */
            lastSequenceNum?: number | null;
            /**
             * Format: date-time
             * @description When a batch of it was last stored.
             */
            lastSyncedAt?: string | null;
            /** @description Its partitions. */
            partitions: components["schemas"]["Partition"][];
            /** @description The database it comes from, where it is one of those whose snapshot is awaited. */
            source?: string | null;
            /** @description Its name. */
            topic: string;
        };
        /** @description What they would have changed in all. */
        TotalDrift: {
            /**
             * Format: int64
             * @description How many accounts, system accounts included.
             */
            accountCount: number;
            /** @description Σ of the accounts' drift. */
            accounts: components["schemas"]["Amount"];
            /** @description Σ of the system accounts' drift. */
            systemAccounts: components["schemas"]["Amount"];
        };
        /** @description A day on which something takes effect or expires. */
        Turn: {
            /** @description What takes effect on it. */
            activated: components["schemas"]["Amount"];
            /**
             * Format: date
             * @description The day.
             */
            day: string;
            /** @description What ceases to count on it. */
            expired: components["schemas"]["Amount"];
        };
        /** @description One unallocated line. */
        Unallocated: {
            /** @description Whether headquarters received it in the same entry. */
            allocatedToHeadquarters: boolean;
            /** @description Negative in a reversal. */
            amount: components["schemas"]["Amount"];
            /**
             * Format: int64
             * @description The entry.
             */
            distributionSeq: number;
            /**
             * Format: date
             * @description The first day on which it is live.
             */
            effectiveDate: string;
            /**
             * Format: date
             * @description The first day on which it is not any more.
             */
            expireDate: string;
            /**
             * Format: uuid
             * @description Made of the entry's number and the slot.
             */
            id: string;
            /**
             * Format: int32
             * @description The level, for `LEVEL_OVERFLOW`.
             */
            levelDepth?: number | null;
            /** @description Why nobody received it. */
            reason?: string | null;
            /**
             * Format: int32
             * @description Its share of the entry.
             */
            slot: number;
            /** @description Who adopted. */
            sourceAccountSequence: string;
            /**
             * Format: uuid
             * @description Upstream's id of the adoption it comes from.
             */
            sourceAdoptionId: string;
            /** @description `LEVEL_OVERFLOW`, `BONUS_TIER_1` to `3`, or `ROUNDING`. */
            unallocType: string;
            /** @description Who would have received it, if there is such an account. */
            wouldBeAccountSequence?: string | null;
        };
        UnallocatedOfType: {
            amount: components["schemas"]["Amount"];
            /** Format: int64 */
            lines: number;
            unallocType: string;
        };
        /** @description What nobody could receive; headquarters did. */
        UnallocatedTotal: {
            /** @description Null while the ledger is still being summed after a start. */
            byType?: components["schemas"]["UnallocatedOfType"][] | null;
            total: components["schemas"]["Amount"];
        };
        /** @description What an account has unlocked before and after the adoption. */
        UnlockChange: {
            /** @description The account. */
            accountSequence: components["schemas"]["AccountSequence"];
            /** @description After. */
            after: components["schemas"]["Unlocked"];
            /** @description Before. */
            before: components["schemas"]["Unlocked"];
        };
        /** @description Which levels and tiers so many direct referrals that have adopted unlock. */
        UnlockTable: {
            /** @description Unlocked depths, 0 to 15; not falling. */
            level_depths: number[];
            /** @description Direct referrals from which the depth at the same place in `level_depths` is unlocked; rising. */
            level_directs: number[];
            /**
             * @description Direct referrals from which one more bonus tier is unlocked, beside the one for having adopted;
             *     not falling, at most two.
             */
            tier_directs: number[];
        };
        /** @description What an account has unlocked (RULES section 5). */
        Unlocked: {
            /**
             * Format: int32
             * @description Its direct referrals that have adopted.
             */
            directReferralAdoptedCount: number;
            /** @description Whether it has a live adoption. */
            hasAdopted: boolean;
            /**
             * Format: int32
             * @description Bonus tiers, 0 to 3.
             */
            unlockedBonusTiers: number;
            /**
             * Format: int32
             * @description Levels, 0 to 15.
             */
            unlockedLevelDepth: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getAdoptions: {
        parameters: {
            query?: {
                /** @description In this state only; `stalled` ones wait for a referral longer than they may */
                state?: "changed" | "ready" | "waiting" | "stalled" | "anomaly" | "ineligible";
                /** @description With this reason, or one that begins with this code */
                reason?: string;
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfBacklogAdoption"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value`, `invalid_limit`, `invalid_cursor` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAdoptionsCsv: {
        parameters: {
            query?: {
                /** @description In this state only; `stalled` ones wait for a referral longer than they may */
                state?: "changed" | "ready" | "waiting" | "stalled" | "anomaly" | "ineligible";
                /** @description With this reason, or one that begins with this code */
                reason?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The entry through which the lines are given */
                    "x-distribution-seq"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAdoptionsOriginalAdoptionIdExplanation: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the client has */
                "If-None-Match"?: string;
            };
            path: {
                /** @description Upstream's id of the adoption */
                originalAdoptionId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description To be sent as `If-None-Match` next time */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            /** @description It is still the same */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_adoption_id`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `adoption_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getConservation: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conservation"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContributionsAccountSequence: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the client has */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description To be sent as `If-None-Match` next time */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description It is still the same */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_account_sequence`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `account_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContributionsAccountSequenceAsOfDate: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
                /** @description A day */
                date: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OnDay"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_account_sequence`, `invalid_date`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `account_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContributionsAccountSequenceCalendar: {
        parameters: {
            query?: {
                /** @description The first day; the business day where none is given */
                from?: string;
                /** @description The last day, at most 4000 days later; two years later where none is given */
                to?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Calendar"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_account_sequence`, `invalid_date`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `account_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContributionsAccountSequenceDetails: {
        parameters: {
            query?: {
                /** @description Of this kind only */
                sourceType?: "PERSONAL" | "TEAM_LEVEL" | "TEAM_BONUS";
                /** @description Effective on this day or later */
                from?: string;
                /** @description Effective on this day or earlier */
                to?: string;
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfDetail"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_account_sequence`, `invalid_value`, `invalid_date`, `invalid_limit`, `invalid_cursor` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `account_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContributionsAccountSequenceDetailsCsv: {
        parameters: {
            query?: {
                /** @description Of this kind only */
                sourceType?: "PERSONAL" | "TEAM_LEVEL" | "TEAM_BONUS";
                /** @description Effective on this day or later */
                from?: string;
                /** @description Effective on this day or earlier */
                to?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The entry through which the lines are given */
                    "x-distribution-seq"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_account_sequence`, `invalid_value`, `invalid_date` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `account_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContributionsAccountSequenceFormula: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ByFormula"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_account_sequence`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `account_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getContributionsAccountSequenceTeam: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamOf"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_account_sequence`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `account_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postContributionsBatchGet: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Batch"];
            };
        };
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accounts"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value`, `invalid_body`, `invalid_account_sequence` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeadLetters: {
        parameters: {
            query?: {
                /** @description With this error code only */
                code?: string;
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfDeadLetter"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_limit`, `invalid_cursor`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getJobs: {
        parameters: {
            query?: {
                /** @description Of this job only */
                job?: "roll" | "snapshot" | "team_stats" | "upkeep";
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfJobRun"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value`, `invalid_limit`, `invalid_cursor` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMissed: {
        parameters: {
            query?: {
                /** @description Booked on this day or later */
                from?: string;
                /** @description Booked on this day or earlier */
                to?: string;
                /** @description What is summed up: by reason where none is given */
                by?: "reason" | "level" | "account";
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfMissed"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_date`, `invalid_value`, `invalid_limit`, `invalid_cursor` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMissedCsv: {
        parameters: {
            query?: {
                /** @description Booked on this day or later */
                from?: string;
                /** @description Booked on this day or earlier */
                to?: string;
                /** @description What is summed up: by reason where none is given */
                by?: "reason" | "level" | "account";
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The entry through which the lines are given */
                    "x-distribution-seq"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_date`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getNetworkTotal: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Network"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOperatorRequests: {
        parameters: {
            query?: {
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfOperatorRequest"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_limit`, `invalid_cursor`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postOperatorRequests: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Action"];
            };
        };
        responses: {
            /** @description It is noted */
            201: {
                headers: {
                    /** @description Where it stands */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorRequest"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value`, `invalid_body` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOperatorRequestsRequestId: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description The number of a request */
                requestId: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperatorRequest"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `request_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    postSimulations: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Simulation"];
            };
        };
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Simulated"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value`, `invalid_body`, `invalid_plan` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type` */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable`, `simulation_busy`, `simulation_too_long` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshots: {
        parameters: {
            query?: {
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfSnapshot"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_limit`, `invalid_cursor`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshotsDate: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the client has */
                "If-None-Match"?: string;
            };
            path: {
                /** @description A day */
                date: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description To be sent as `If-None-Match` next time */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            /** @description It is still the same */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_date`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `snapshot_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshotsDateAccounts: {
        parameters: {
            query?: {
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description A day */
                date: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfSnapshotLine"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_date`, `invalid_limit`, `invalid_cursor`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `snapshot_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshotsDateAccountsCsv: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description A day */
                date: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The entry through which the lines are given */
                    "x-distribution-seq"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_date`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `snapshot_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshotsDateAccountsAccountSequence: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the client has */
                "If-None-Match"?: string;
            };
            path: {
                /** @description A day */
                date: string;
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description To be sent as `If-None-Match` next time */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SnapshotLine"];
                };
            };
            /** @description It is still the same */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_date`, `invalid_account_sequence`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `snapshot_unknown`, `account_not_in_snapshot` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshotsDateAccountsAccountSequenceProof: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the client has */
                "If-None-Match"?: string;
            };
            path: {
                /** @description A day */
                date: string;
                /** @description The account; in snapshots also a system account as `SYS-…` */
                accountSequence: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description To be sent as `If-None-Match` next time */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proof"];
                };
            };
            /** @description It is still the same */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_date`, `invalid_account_sequence`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `snapshot_unknown`, `account_not_in_snapshot` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSnapshotsDateDrift: {
        parameters: {
            query?: {
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path: {
                /** @description A day */
                date: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Drifts"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_date`, `invalid_limit`, `invalid_cursor`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown`, `snapshot_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSyncStatus: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SyncStatus"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSystemAccounts: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SystemAccounts"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUnallocated: {
        parameters: {
            query?: {
                /** @description Rows of a page at most */
                limit?: number;
                /** @description `nextCursor` of the page before, with the same filters */
                cursor?: string;
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfUnallocated"];
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_limit`, `invalid_cursor`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUnallocatedCsv: {
        parameters: {
            query?: {
                /** @description The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, `/conservation`) */
                minSeq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The entry through which the lines are given */
                    "x-distribution-seq"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "text/csv": string;
                };
            };
            /** @description `unknown_parameter`, `invalid_query`, `invalid_value` */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_missing`, `token_invalid`, `token_expired` */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden` */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `route_unknown` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method_not_allowed` */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `entry_not_yet` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `payload_too_large` */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `uri_too_long` */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_many_requests` */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal` */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `database_unavailable`, `overloaded`, `keys_unavailable` */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `request_timeout` */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
