//! What a pass numbers, in its order (RULES section 3): moves, changes, then the first ready adoptions.

use std::collections::HashMap;

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
    adoptions: HashMap<Uuid, Turn>,
    /// The last of the backlog that was read, where more may stand there: whose turn is later must wait for those.
    read_until: Option<Turn>,
}

/// When an adoption's turn is: those that changed after they were distributed go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Changed(Uuid),
    Ready(Place),
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
    /// Adoptions that are put off to another pass.
    pub put_off: Vec<Uuid>,
    /// Whether there may be more to do, here or in the backlog.
    pub is_cut: bool,
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
    /// The moves, and the first `size` adoptions of the backlog.
    pub(super) async fn read(connection: &mut PgConnection, size: usize) -> Result<Self, DistributorError> {
        let movers = moves::all(connection).await?;
        let changed = backlog::first_changed(connection, as_limit(size)).await?;
        let mut turns: Vec<Turn> = changed.into_iter().map(Turn::Changed).collect();
        let room = size.saturating_sub(turns.len());
        for Ready { id, adoption_date, created_at } in
            backlog::first_ready(connection, as_limit(room)).await?
        {
            turns.push(Turn::Ready(Place::new(adoption_date, created_at, id)));
        }
        let read_until = if turns.len() < size { None } else { turns.last().copied() };
        let adoptions = turns.into_iter().map(|turn| (turn.id(), turn)).collect();
        Ok(Self { movers, adoptions, read_until })
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.movers.is_empty() && self.adoptions.is_empty()
    }

    /// The adoptions, in no order.
    pub(super) fn adoptions(&self) -> impl Iterator<Item = Uuid> {
        self.adoptions.keys().copied()
    }

    /// The accounts that may have to move.
    pub(super) fn movers(&self) -> Vec<String> {
        self.movers.iter().map(|account| account.as_str().to_owned()).collect()
    }

    /// Takes in an adoption that was judged anew, if it can be numbered; else it is on the agenda no more.
    pub(super) fn add(&mut self, adoption: &LockedAdoption, verdict: &Verdict) -> bool {
        let id = adoption.source.id;
        let is_due = matches!(verdict, Verdict::Changed(_) | Verdict::Standing(Standing::Ready(_)));
        if !is_due {
            self.adoptions.remove(&id);
        } else if adoption.entry_seq.is_some() {
            self.adoptions.insert(id, Turn::Changed(id)); // it goes before those that have no DISTRIBUTE
        } else {
            self.adoptions.insert(id, Turn::Ready(Place::of(adoption)));
        }
        is_due
    }

    /// The first `size` adoptions.
    pub(super) fn cut(self, size: usize) -> Due {
        let mut turns: Vec<Turn> = self.adoptions.into_values().collect();
        turns.sort_unstable();
        let read = match self.read_until {
            Some(last) => turns.partition_point(|turn| *turn <= last),
            None => turns.len(),
        };
        let put_off: Vec<Uuid> = turns.split_off(read.min(size)).iter().map(Turn::id).collect();
        let is_cut = self.read_until.is_some() || !put_off.is_empty();
        let mut due = Due { movers: self.movers, changed: Vec::new(), ready: Vec::new(), put_off, is_cut };
        for turn in turns {
            match turn {
                Turn::Changed(id) => due.changed.push(id),
                Turn::Ready(place) => due.ready.push(place),
            }
        }
        due
    }
}

impl Turn {
    fn id(&self) -> Uuid {
        match self {
            Self::Changed(id) | Self::Ready(Place { id, .. }) => *id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Agenda, Place, Turn};
    use chrono::NaiveDate;
    use uuid::Uuid;

    fn ready(date: &str, id: u128) -> (Uuid, Turn) {
        let place = Place::new(date.parse::<NaiveDate>().unwrap_or_default(), None, Uuid::from_u128(id));
        (place.id, Turn::Ready(place))
    }

    fn numbers(ids: impl IntoIterator<Item = Uuid>) -> Vec<u128> {
        ids.into_iter().map(|id| id.as_u128()).collect()
    }

    #[test]
    fn what_comes_behind_the_part_of_the_backlog_that_was_read_waits() {
        let [first, second, last] = [ready("2026-01-01", 1), ready("2026-01-02", 2), ready("2026-01-03", 3)];
        let mut agenda =
            Agenda { adoptions: [first, second, last].into(), read_until: Some(last.1), ..Agenda::default() };
        // the queue takes one off and brings two: there may be some in the backlog between the third and the fifth
        agenda.adoptions.remove(&first.0);
        agenda.adoptions.extend([ready("2026-01-02", 4), ready("2026-01-05", 5)]);
        let due = agenda.cut(3);
        assert_eq!(numbers(due.ready.iter().map(|place| place.id)), [2, 4, 3]);
        assert_eq!(numbers(due.put_off), [5]);
        assert!(due.is_cut);
    }

    #[test]
    fn changes_go_first_and_nothing_is_left_of_what_was_read_whole() {
        let changed = Uuid::from_u128(9);
        let adoptions = [(changed, Turn::Changed(changed)), ready("2026-01-01", 1)].into();
        let due = Agenda { adoptions, ..Agenda::default() }.cut(3);
        assert_eq!((due.changed, due.ready.len(), due.is_cut), (vec![changed], 1, false));
    }
}
