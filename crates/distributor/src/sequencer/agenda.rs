//! What a pass numbers, in its order (RULES section 3): moves, changes, then the first ready adoptions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountSequence, Standing};
use persistence::adoptions::LockedAdoption;
use persistence::backlog::{self, Ready};
use persistence::{PgConnection, moves};
use uuid::Uuid;

use super::as_limit;
use super::verdict::Verdict;
use crate::error::DistributorError;

/// What can be numbered: from the backlog, and from the queue as it is judged.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    movers: Vec<AccountSequence>,
    changed: BTreeSet<Uuid>,
    ready: BTreeMap<Uuid, Place>,
}

/// The first of an agenda, in their order.
#[derive(Debug)]
pub(super) struct Due {
    /// Accounts that may have to move.
    pub movers: Vec<AccountSequence>,
    /// Adoptions that changed after they were distributed, by id.
    pub changed: Vec<Uuid>,
    /// Adoptions that can be numbered, by their places.
    pub ready: Vec<Place>,
}

/// A ready adoption's place: by its date, then by upstream's creation time, unknown last, then by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    date: NaiveDate,
    is_created_unknown: bool,
    created_at: Option<DateTime<Utc>>,
    /// Upstream id.
    pub id: Uuid,
}

impl Place {
    /// The place of an adoption as its row is.
    pub(super) fn of(adoption: &LockedAdoption) -> Self {
        let source = &adoption.source;
        Self::new(source.adoption_date, source.created_at, source.id)
    }

    fn new(date: NaiveDate, created_at: Option<DateTime<Utc>>, id: Uuid) -> Self {
        Self { date, is_created_unknown: created_at.is_none(), created_at, id }
    }
}

impl Agenda {
    /// The moves, and the first of the backlog, at most `size` of each kind.
    pub(super) async fn read(connection: &mut PgConnection, size: usize) -> Result<Self, DistributorError> {
        let place = |Ready { id, adoption_date, created_at }| (id, Place::new(adoption_date, created_at, id));
        Ok(Self {
            movers: moves::all(connection).await?,
            changed: backlog::first_changed(connection, as_limit(size)).await?.into_iter().collect(),
            ready: backlog::first_ready(connection, as_limit(size)).await?.into_iter().map(place).collect(),
        })
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.movers.is_empty() && self.len() == 0
    }

    /// How many adoptions there are.
    pub(super) fn len(&self) -> usize {
        self.changed.len() + self.ready.len()
    }

    /// The adoptions, in no order.
    pub(super) fn adoptions(&self) -> impl Iterator<Item = Uuid> {
        self.changed.iter().chain(self.ready.keys()).copied()
    }

    /// The accounts that may have to move.
    pub(super) fn movers(&self) -> Vec<String> {
        self.movers.iter().map(|account| account.as_str().to_owned()).collect()
    }

    /// Takes in an adoption that was judged anew, if it can be numbered; else it is on the agenda no more.
    pub(super) fn add(&mut self, adoption: &LockedAdoption, verdict: &Verdict) -> bool {
        let id = adoption.source.id;
        self.changed.remove(&id);
        self.ready.remove(&id);
        let is_due = matches!(verdict, Verdict::Changed(_) | Verdict::Standing(Standing::Ready(_)));
        if is_due && adoption.entry_seq.is_some() {
            self.changed.insert(id); // it goes before those that have no DISTRIBUTE
        } else if is_due {
            self.ready.insert(id, Place::of(adoption));
        }
        is_due
    }

    /// The first `size` adoptions, and those that are put off to another pass.
    pub(super) fn cut(self, size: usize) -> (Due, Vec<Uuid>) {
        let mut changed: Vec<Uuid> = self.changed.into_iter().collect();
        let mut ready: Vec<Place> = self.ready.into_values().collect();
        ready.sort_unstable();
        let mut put_off = changed.split_off(size.min(changed.len()));
        let room = size - changed.len();
        put_off.extend(ready.split_off(room.min(ready.len())).iter().map(|place| place.id));
        (Due { movers: self.movers, changed, ready }, put_off)
    }
}
