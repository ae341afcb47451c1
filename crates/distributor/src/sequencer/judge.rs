//! Sorts what changed upstream: queue rows in, backlog and marks out.
//!
//! Guarantees that a change is judged by the row as it is under its lock, and that its queue row goes only together
//! with the judgement. One transaction a batch of queue rows. Locks: adoptions by id. About eight round trips.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{AccountSequence, Prior, Referrer, SequencerState};
use fail::fail_point;
use persistence::adoptions::{self, LockedAdoption, Mark};
use persistence::backlog::{self, Item};
use persistence::queue::{self, Changed};
use persistence::{PgConnection, business_day, journal, moves, sequencer};
use uuid::Uuid;

use super::verdict::{Grounds, Verdict, changed_item, is_shown, item, mark, mark_warning};
use super::{Leader, Rules, Sequencer};
use crate::error::DistributorError;

/// What a step of judging did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged {
    /// Queue rows taken.
    pub rows: u64,
    /// Nothing was left in the queue when it was read.
    pub drained: bool,
}

/// What a batch of judgements writes.
#[derive(Debug, Default)]
struct Outcome {
    backlog: Vec<Item>,
    settled: Vec<Uuid>,
    marks: Vec<Mark>,
}

impl Sequencer {
    /// Judges one batch of what changed.
    pub(super) async fn judge(&mut self, now: DateTime<Utc>) -> Result<Judged, DistributorError> {
        let Some(leader) = &mut self.leader else { return Ok(Judged { rows: 0, drained: false }) };
        let mut transaction = self.pool.begin().await?;
        let queued = queue::first(&mut transaction, self.pass_size).await?;
        if queued.is_empty() {
            return Ok(Judged { rows: 0, drained: true });
        }
        let (mut accounts, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for (_, changed) in &queued {
            match changed {
                Changed::Referral(account) => _ = accounts.insert(account.clone()),
                Changed::Adoption(id) => _ = ids.insert(*id),
            }
        }
        leader.uplines.forget(&accounts);
        let requeued = note_referrals(&mut transaction, &accounts, &leader.state).await?;
        let ids: Vec<Uuid> = ids.into_iter().collect();
        judge_adoptions(&mut transaction, &ids, &self.rules, leader, now).await?;
        // what a leader takes from the queue is what it forgets: one that was replaced must not take it from another
        sequencer::hold_term(&mut transaction, leader.term).await?;
        let queue_ids: Vec<i64> = queued.iter().map(|(id, _)| *id).collect();
        queue::delete(&mut transaction, &queue_ids).await?;
        fail_point!("judge-before-commit");
        transaction.commit().await?;
        fail_point!("judge-after-commit");
        let full = i64::try_from(queued.len()) == Ok(self.pass_size);
        Ok(Judged { rows: queued.len() as u64, drained: !full && requeued == 0 })
    }
}

/// An account's referral changed: if its referrer is journaled it may have to move, and whoever waits for it is looked
/// at again. One that is not journaled has nothing to move from.
async fn note_referrals(
    connection: &mut PgConnection,
    accounts: &BTreeSet<AccountSequence>,
    state: &SequencerState,
) -> Result<u64, DistributorError> {
    if accounts.is_empty() {
        return Ok(0);
    }
    let name = |account: &AccountSequence| account.as_str().to_owned();
    let journaled: Vec<String> =
        accounts.iter().filter(|account| state.referrer(account) != Referrer::Unknown).map(name).collect();
    if !journaled.is_empty() {
        moves::remember(connection, &journaled).await?;
    }
    let accounts: Vec<String> = accounts.iter().map(name).collect();
    Ok(queue::requeue_passing(connection, &accounts).await?)
}

async fn judge_adoptions(
    connection: &mut PgConnection,
    ids: &[Uuid],
    rules: &Rules,
    leader: &mut Leader,
    now: DateTime<Utc>,
) -> Result<(), DistributorError> {
    let locked = adoptions::lock(connection, ids).await?;
    // a change that waits in the queue behind these is no harm: it brings back whoever is judged without it
    leader.uplines.read_for(connection, &locked, &leader.state, rules).await?;
    let priors = read_priors(connection, &locked).await?;
    let day = business_day::read(connection).await?;
    let grounds = Grounds { rules, tree: leader.uplines.tree(), priors: &priors, day };
    let mut outcome = Outcome::default();
    for adoption in &locked {
        outcome.add(&grounds, adoption, &leader.state)?;
    }
    backlog::put(connection, &outcome.backlog, now).await?;
    backlog::remove(connection, &outcome.settled).await?;
    adoptions::mark(connection, &outcome.marks).await?;
    Ok(())
}

/// What the journal knows of the adoptions.
pub(super) async fn read_priors(
    connection: &mut PgConnection,
    locked: &[LockedAdoption],
) -> Result<HashMap<Uuid, Prior>, DistributorError> {
    let numbered: Vec<Uuid> = locked
        .iter()
        .filter(|adoption| adoption.entry_seq.is_some())
        .map(|adoption| adoption.source.id)
        .collect();
    if numbered.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(journal::priors(connection, &numbered).await?)
}

impl Outcome {
    fn add(
        &mut self,
        grounds: &Grounds<'_>,
        adoption: &LockedAdoption,
        state: &SequencerState,
    ) -> Result<(), DistributorError> {
        let warning = grounds.warning(adoption);
        let mark = match grounds.judge(adoption, state)? {
            Verdict::Settled => {
                self.settled.push(adoption.source.id);
                mark_warning(adoption, warning)
            }
            Verdict::Changed(_) => {
                self.backlog.push(changed_item(adoption));
                return Ok(());
            }
            Verdict::Standing(standing) => {
                self.backlog.push(item(grounds, adoption, &standing));
                mark(adoption, &standing, warning)
            }
        };
        if !is_shown(adoption, &mark) {
            self.marks.push(mark);
        }
        Ok(())
    }
}
