//! The auditor's own state of every account: as of the journal, as of what was carried out, and the sums of its lines.

use std::collections::HashMap;
use std::sync::Arc;

use super::amount::Amount;

/// Where an account stands in [`Accounts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(u32);

/// An account's referrer as of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Referrer {
    Unknown,
    None,
    Known(Id),
}

impl Referrer {
    pub(crate) fn from(referrer: Option<Id>) -> Self {
        referrer.map_or(Self::None, Self::Known)
    }
}

/// What the newest entry carried out that changed an account's counts left.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    pub(crate) seq: i64,
    pub(crate) adopted: bool,
    pub(crate) directs: i64,
    pub(crate) depth: i64,
    pub(crate) tiers: i64,
}

/// One account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: Arc<str>,
    pub(crate) referrer: Referrer,
    /// DISTRIBUTE entries not reversed.
    pub(crate) live: i64,
    /// Direct referrals with a live adoption.
    pub(crate) directs: i64,
    /// The newest entry that changed its counts or its referrer.
    pub(crate) changed_seq: i64,
    pub(crate) shown: Shown,
    /// Personal, team level and team bonus.
    pub(crate) sums: [Amount; 3],
    pub(crate) effective: Amount,
    pub(crate) has_lines: bool,
    /// An entry of its own was carried out.
    pub(crate) carried_out: bool,
    /// Its row in the table compared now was met.
    pub(crate) met: bool,
}

/// Every account the journal names, and then those that only other tables name.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    all: Vec<Account>,
    ids: HashMap<Arc<str>, Id>,
}

impl Accounts {
    /// Its place, made if it was not met before.
    pub(crate) fn intern(&mut self, name: &str) -> Id {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = Id(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.ids.insert(Arc::clone(&name), id);
        self.all.push(Account {
            name,
            referrer: Referrer::Unknown,
            live: 0,
            directs: 0,
            changed_seq: 0,
            shown: Shown::default(),
            sums: Default::default(),
            effective: Amount::default(),
            has_lines: false,
            carried_out: false,
            met: false,
        });
        id
    }

    pub(crate) fn find(&self, name: &str) -> Option<Id> {
        self.ids.get(name).copied()
    }

    pub(crate) fn get(&self, id: Id) -> &Account {
        &self.all[id.0 as usize]
    }

    pub(crate) fn get_mut(&mut self, id: Id) -> &mut Account {
        &mut self.all[id.0 as usize]
    }

    pub(crate) fn name(&self, id: Id) -> &str {
        &self.get(id).name
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id, &Account)> {
        (0..).map(Id).zip(&self.all)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Account> {
        self.all.iter_mut()
    }

    /// Names for an example, `-` for none.
    pub(crate) fn names(&self, ids: &[Id]) -> String {
        ids.iter().map(|id| self.name(*id)).collect::<Vec<_>>().join(" ")
    }
}
