//! What a pass writes.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{Entry, Standing};
use persistence::adoptions::{self, LockedAdoption, Mark};
use persistence::backlog::{self, Item};
use persistence::journal::{self, JournalRow};
use persistence::{PgConnection, moves, queue};
use uuid::Uuid;

use super::verdict::{Grounds, Verdict, changed_item, is_shown, item, mark, mark_warning, traceparent};
use crate::error::DistributorError;

/// Entries, marks, and what goes into the backlog and out of it.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    journal: Vec<JournalRow>,
    marks: HashMap<Uuid, Mark>,
    backlog: Vec<Item>,
    done: Vec<Uuid>,
    moved: Vec<String>,
    forgotten: Vec<String>,
}

impl Outcome {
    /// How many entries there are.
    pub(super) fn entries(&self) -> u64 {
        self.journal.len() as u64
    }

    /// An entry, with the adoption whose change led to it.
    pub(super) fn append(&mut self, entry: Entry, adoption: Option<&LockedAdoption>, trace: Uuid) {
        let traceparent = Some(traceparent(trace, entry.seq));
        let position = adoption.map(|adoption| adoption.position.clone());
        self.journal.push(JournalRow { entry, position, traceparent });
    }

    /// The DISTRIBUTE of an adoption.
    pub(super) fn distribute(&mut self, entry: Entry, adoption: &LockedAdoption, warning: Option<String>) {
        let id = adoption.source.id;
        let entry_seq = Some(entry.seq);
        let mark = Mark { id, state: "sequenced", reason: None, warning, entry_seq, reversed: false };
        self.append(entry, Some(adoption), id);
        self.marks.insert(id, mark);
        self.done.push(id);
    }

    /// What was distributed of an adoption goes back in this pass.
    pub(super) fn note_reversed(&mut self, id: Uuid) {
        if let Some(mark) = self.marks.get_mut(&id) {
            mark.reversed = true;
        }
    }

    /// An account has moved.
    pub(super) fn note_moved(&mut self, account: &str) {
        self.moved.push(account.to_owned());
    }

    /// An account need not be looked at as one that may have to move.
    pub(super) fn forget_move(&mut self, account: &str) {
        self.forgotten.push(account.to_owned());
    }

    /// An adoption that is not there any more.
    pub(super) fn drop(&mut self, id: Uuid) {
        self.done.push(id);
    }

    /// An adoption that this pass does not number: it is put where it belongs.
    pub(super) fn leave(&mut self, grounds: &Grounds<'_>, adoption: &LockedAdoption, verdict: Verdict) {
        match verdict {
            Verdict::Settled => {
                self.done.push(adoption.source.id);
                self.show(adoption, mark_warning(adoption, grounds.warning(adoption)));
            }
            Verdict::Changed(_) => self.backlog.push(changed_item(adoption)),
            Verdict::Standing(standing) => {
                self.backlog.push(item(grounds, adoption, &standing));
                self.show(adoption, mark(adoption, &standing, grounds.warning(adoption)));
            }
        }
    }

    fn show(&mut self, adoption: &LockedAdoption, mark: Mark) {
        if !is_shown(adoption, &mark) {
            self.marks.insert(mark.id, mark);
        }
    }

    /// An adoption that was distributed until this pass, and is not any more.
    pub(super) fn take_back(
        &mut self,
        grounds: &Grounds<'_>,
        adoption: &LockedAdoption,
        standing: &Standing,
    ) {
        self.backlog.push(item(grounds, adoption, standing));
        self.marks.insert(adoption.source.id, mark(adoption, standing, grounds.warning(adoption)));
    }

    /// Writes all of it. Locks nothing but what the caller has locked.
    pub(super) async fn write(
        self,
        connection: &mut PgConnection,
        now: DateTime<Utc>,
    ) -> Result<(), DistributorError> {
        if !self.journal.is_empty() {
            journal::append(connection, &self.journal, now).await?;
        }
        let mut marks: Vec<Mark> = self.marks.into_values().collect();
        marks.sort_unstable_by_key(|mark| mark.id);
        adoptions::mark(connection, &marks).await?;
        backlog::put(connection, &self.backlog, now).await?;
        backlog::remove(connection, &self.done).await?;
        if !self.moved.is_empty() {
            queue::requeue_passing(connection, &self.moved).await?;
        }
        moves::forget(connection, &[self.moved, self.forgotten].concat()).await?;
        Ok(())
    }
}
