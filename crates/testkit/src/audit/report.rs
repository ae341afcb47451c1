//! What an audit found, a line an identity.

use std::fmt;

/// How many examples of a discrepancy are kept.
const EXAMPLES: usize = 5;

macro_rules! checks {
    ($($check:ident = $name:literal,)*) => {
        /// What is compared, by the part of the database it is found in.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Check { $(#[doc = concat!("`", $name, "`")] $check,)* }

        const NAMES: &[&str] = &[$($name,)*];
    };
}

checks! {
    Plans = "plans",
    JournalNumbers = "journal.numbers",
    JournalFields = "journal.fields",
    JournalOrder = "journal.order",
    JournalPlan = "journal.plan",
    JournalDates = "journal.dates",
    JournalPrice = "journal.price",
    JournalBase = "journal.base",
    JournalTreesBefore = "journal.trees_before",
    JournalUpline = "journal.upline",
    JournalUnlock = "journal.unlock",
    JournalReverse = "journal.reverse",
    JournalMove = "journal.move",
    JournalEffects = "journal.effects",
    ChunksCover = "chunks.cover",
    ChunksBooked = "chunks.booked",
    LinesPresent = "lines.present",
    LinesSurplus = "lines.surplus",
    LinesOnce = "lines.once",
    LinesAmount = "lines.amount",
    LinesRecipient = "lines.recipient",
    LinesSource = "lines.source",
    LinesLevel = "lines.level",
    LinesReason = "lines.reason",
    LinesDates = "lines.dates",
    LinesExpired = "lines.expired",
    LinesAllocated = "lines.allocated",
    AccountsRows = "accounts.rows",
    AccountsBalance = "accounts.balance",
    AccountsEffective = "accounts.effective",
    AccountsCounts = "accounts.counts",
    AccountsUnlock = "accounts.unlock",
    AccountsUnlockSeq = "accounts.unlock_seq",
    SystemRows = "system.rows",
    SystemBalance = "system.balance",
    SystemEffective = "system.effective",
    Conservation = "conservation",
    AdoptionsSource = "adoptions.source",
    AdoptionsNumbered = "adoptions.numbered",
    AdoptionsMarks = "adoptions.marks",
    AdoptionsState = "adoptions.state",
    UsersCalculated = "users.calculated",
    ReferralsJournaled = "referrals.journaled",
    SequencerAccounts = "sequencer.accounts",
    SequencerState = "sequencer.state",
    SnapshotsLines = "snapshots.lines",
    SnapshotsTotals = "snapshots.totals",
    SnapshotsRatios = "snapshots.ratios",
    Daily = "daily",
    Missed = "missed",
    Team = "team",
}

/// One identity: how often it was compared and how often it did not hold.
#[derive(Debug, Clone)]
pub struct Identity {
    /// A short name that stays.
    pub name: &'static str,
    /// How many facts were compared.
    pub checked: u64,
    /// How many of them were wrong.
    pub discrepancies: u64,
    /// The first few that were wrong.
    pub examples: Vec<String>,
}

/// What an audit found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Every identity, also those of which nothing was there to compare.
    pub identities: Vec<Identity>,
}

impl Report {
    /// Whether everything compared was right.
    pub fn is_clean(&self) -> bool {
        self.identities.iter().all(|identity| identity.discrepancies == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for identity in &self.identities {
            if identity.discrepancies == 0 {
                writeln!(f, "✓ {}: {} checked", identity.name, identity.checked)?;
            } else {
                let examples = identity.examples.join("; ");
                let Identity { name, checked, discrepancies, .. } = identity;
                writeln!(f, "✗ {name}: {checked} checked, {discrepancies} discrepancies: {examples}")?;
            }
        }
        Ok(())
    }
}

/// The report while it is being made.
#[derive(Debug)]
pub(crate) struct Findings(Vec<Identity>);

impl Findings {
    pub(crate) fn new() -> Self {
        let identity = |name| Identity { name, checked: 0, discrepancies: 0, examples: Vec::new() };
        Self(NAMES.iter().copied().map(identity).collect())
    }

    /// One fact was compared; `example` says what is wrong where it does not hold.
    pub(crate) fn check(&mut self, check: Check, holds: bool, example: impl FnOnce() -> String) {
        self.right(check, 1);
        if !holds {
            self.wrong(check, example);
        }
    }

    /// So many facts were compared.
    pub(crate) fn right(&mut self, check: Check, facts: u64) {
        self.0[check as usize].checked += facts;
    }

    /// A fact counted before was wrong.
    pub(crate) fn wrong(&mut self, check: Check, example: impl FnOnce() -> String) {
        let identity = &mut self.0[check as usize];
        identity.discrepancies += 1;
        if identity.examples.len() < EXAMPLES {
            identity.examples.push(example());
        }
    }

    pub(crate) fn into_report(self) -> Report {
        Report { identities: self.0 }
    }
}
