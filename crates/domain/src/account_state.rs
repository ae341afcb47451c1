//! What the journal knows of an account (RULES sections 3 and 5).

use crate::account::AccountSequence;

/// What the journal knows of an account's referrer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Referrer {
    /// Nothing yet.
    #[default]
    Unknown,
    /// That it has none.
    None,
    /// That it is this account.
    Account(AccountSequence),
}

impl Referrer {
    /// The referrer, if there is one and it is known.
    pub fn account(&self) -> Option<&AccountSequence> {
        if let Self::Account(account) = self { Some(account) } else { None }
    }
}

impl From<Option<&AccountSequence>> for Referrer {
    /// A referrer that is known, or known to be none.
    fn from(known: Option<&AccountSequence>) -> Self {
        known.map_or(Self::None, |account| Self::Account(account.clone()))
    }
}

/// An account as of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountState {
    /// Its journaled referrer.
    pub referrer: Referrer,
    /// Its live adoptions: its DISTRIBUTE entries that are not reversed.
    pub live: u32,
    /// Its direct referrals with a live adoption.
    pub directs: u32,
    /// The last entry that changed any of this; 0 before the first.
    pub last_seq: i64,
}

impl AccountState {
    /// Whether it has adopted, and has not taken it all back.
    pub fn has_adopted(&self) -> bool {
        self.live > 0
    }
}
