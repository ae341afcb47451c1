//! What differs, a kind each.

use std::fmt;

use serde::Serialize;

/// More examples than this help nobody.
const EXAMPLES: usize = 5;

/// One kind of thing that was compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub kind: &'static str,
    /// How many were looked at.
    pub checked: u64,
    /// How many of them differ.
    pub differing: u64,
    /// The first of those.
    pub examples: Vec<String>,
}

impl Difference {
    fn new(kind: &'static str) -> Self {
        Self { kind, checked: 0, differing: 0, examples: Vec::new() }
    }

    /// So many were looked at.
    pub fn checked(&mut self, count: usize) {
        self.checked += count as u64;
    }

    /// One of them differs.
    pub fn differs(&mut self, how: impl Into<String>) {
        self.several_differ(1, how);
    }

    /// So many of them differ, the first like this.
    pub fn several_differ(&mut self, count: u64, how: impl Into<String>) {
        self.differing += count;
        if self.examples.len() < EXAMPLES {
            self.examples.push(how.into());
        }
    }

    fn merge(&mut self, other: Self) {
        self.checked += other.checked;
        self.differing += other.differing;
        self.examples.extend(other.examples);
        self.examples.truncate(EXAMPLES);
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.differing == 0 { '✓' } else { '✗' };
        write!(f, "{mark} {:<24}{:>14}{:>12}", self.kind, self.checked, self.differing)?;
        self.examples.iter().try_for_each(|example| write!(f, "\n    {example}"))
    }
}

/// All kinds.
#[derive(Debug)]
pub struct Differences {
    /// Entries that cannot be read, or are missing.
    pub journal: Difference,
    /// Lines of the three ledger tables.
    pub lines: Difference,
    /// Balances of accounts.
    pub balances: Difference,
    /// Counts of accounts, and what these unlock.
    pub counts: Difference,
    /// System accounts.
    pub system: Difference,
    /// Marks of adoptions.
    pub adoptions: Difference,
    /// Marks of users.
    pub users: Difference,
    /// What takes effect and expires, by account and day.
    pub daily: Difference,
    /// What went to headquarters, by day.
    pub missed: Difference,
    /// What stands below each account, by day.
    pub team: Difference,
}

impl Default for Differences {
    fn default() -> Self {
        Self {
            journal: Difference::new("journal entries"),
            lines: Difference::new("ledger lines"),
            balances: Difference::new("account balances"),
            counts: Difference::new("account counts"),
            system: Difference::new("system accounts"),
            adoptions: Difference::new("marks of adoptions"),
            users: Difference::new("marks of users"),
            daily: Difference::new("daily amounts"),
            missed: Difference::new("missed amounts"),
            team: Difference::new("team statistics"),
        }
    }
}

impl Differences {
    /// All, in the order in which they are shown.
    pub fn all(&self) -> [&Difference; 10] {
        let Self { journal, lines, balances, counts, system, adoptions, users, daily, missed, team } = self;
        [journal, lines, balances, counts, system, adoptions, users, daily, missed, team]
    }

    /// Whether something differs.
    pub fn any(&self) -> bool {
        self.all().iter().any(|difference| difference.differing > 0)
    }

    /// Whether the journal or the lines themselves do: nothing that follows from them can be rebuilt.
    pub fn in_the_ledger(&self) -> bool {
        self.journal.differing + self.lines.differing > 0
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.journal.merge(other.journal);
        self.lines.merge(other.lines);
        self.balances.merge(other.balances);
        self.counts.merge(other.counts);
        self.system.merge(other.system);
        self.adoptions.merge(other.adoptions);
        self.users.merge(other.users);
        self.daily.merge(other.daily);
        self.missed.merge(other.missed);
        self.team.merge(other.team);
    }
}
