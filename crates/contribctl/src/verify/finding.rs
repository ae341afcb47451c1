//! What a check found of one identity.

use std::fmt;

use serde::Serialize;

/// More examples than this help nobody.
const EXAMPLES: usize = 5;

/// What a check found of one identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its number in RULES section 8.
    pub identity: u8,
    /// What it says.
    pub name: &'static str,
    /// How many things were looked at.
    pub checked: u64,
    /// How many of them are wrong.
    pub discrepancies: u64,
    /// The first of those.
    pub examples: Vec<String>,
    /// Why not everything was looked at, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Finding {
    fn new(identity: u8, name: &'static str) -> Self {
        Self { identity, name, checked: 0, discrepancies: 0, examples: Vec::new(), note: None }
    }

    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.discrepancies == 0
    }

    /// So many things were looked at.
    pub fn checked(&mut self, count: usize) {
        self.checked += count as u64;
    }

    /// One of them is wrong.
    pub fn wrong(&mut self, what: impl Into<String>) {
        self.discrepancies += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(what.into());
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.holds() { '✓' } else { '✗' };
        write!(f, "{mark} {} {}: {} checked", self.identity, self.name, self.checked)?;
        if !self.holds() {
            write!(f, ", {} wrong", self.discrepancies)?;
        }
        if let Some(note) = &self.note {
            write!(f, " ({note})")?;
        }
        self.examples.iter().try_for_each(|example| write!(f, "\n    {example}"))
    }
}

/// One finding for each identity.
#[derive(Debug)]
pub struct Findings {
    /// 1
    pub slots: Finding,
    /// 2
    pub accounts: Finding,
    /// 3
    pub system: Finding,
    /// 4
    pub totals: Finding,
    /// 5
    pub numbering: Finding,
    /// 6
    pub snapshots: Finding,
    /// 7
    pub events: Finding,
    /// 8
    pub lines: Finding,
    /// 9
    pub facts: Finding,
}

impl Findings {
    /// Nothing looked at yet.
    pub(super) fn new() -> Self {
        Self {
            slots: Finding::new(1, "the slots of every entry sum to its base"),
            accounts: Finding::new(
                2,
                "every account is the sum of its lines, its counts those of its newest entry",
            ),
            system: Finding::new(3, "every system account is the sum of its lines"),
            totals: Finding::new(4, "all balances sum to what was distributed less what was reversed"),
            numbering: Finding::new(5, "numbers have no gap, adoptions are marked as they were carried out"),
            snapshots: Finding::new(6, "the lines of every snapshot sum to its total, the ratios to 1"),
            events: Finding::new(7, "the events published give every account's totals"),
            lines: Finding::new(8, "carrying out the journal again gives the same lines"),
            facts: Finding::new(9, "numbering the journal again gives the same facts"),
        }
    }

    pub(super) fn into_iter(self) -> impl Iterator<Item = Finding> {
        let Self { slots, accounts, system, totals, numbering, snapshots, events, lines, facts } = self;
        [slots, accounts, system, totals, numbering, snapshots, events, lines, facts].into_iter()
    }
}
