//! A pass: one transaction that judges what changed upstream and numbers what is ready (RULES section 3).
//!
//! Guarantees that an adoption is judged by its row as it is under its lock, that a queue row goes only together with
//! its judgement, that journal, state, marks and chunks are of one moment, and that only the leader of the stored term
//! commits them. Nothing is numbered before everything that changed has been judged: a pass that does not reach the end
//! of the queue only judges. What is numbered as soon as it is judged never stands in the backlog.
//!
//! Locks: adoptions by id → the state's row → the business day (shared). About fifteen round trips, however many
//! entries.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use domain::{AccountSequence, Plans, Prior, Referrer, SequencerState};
use fail::fail_point;
use persistence::adoptions::{self, LockedAdoption};
use persistence::queue::{self, Changed};
use persistence::referrals::{self, UpstreamTree};
use persistence::{PgConnection, business_day, chunks, journal, moves, plans, sequencer};
use uuid::Uuid;

use super::agenda::Agenda;
use super::numbering::Numbering;
use super::outcome::Outcome;
use super::verdict::Grounds;
use super::{Leader, Rules, Sequencer, as_limit};
use crate::error::DistributorError;

/// What a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Queue rows judged.
    pub judged: u64,
    /// Entries numbered.
    pub entries: u64,
    /// Nothing is left of what was there when the pass began: no queue row, and nothing that is ready.
    pub at_rest: bool,
}

/// What the queue names.
#[derive(Debug, Default)]
struct Queued {
    rows: Vec<i64>,
    accounts: BTreeSet<AccountSequence>,
    adoptions: BTreeSet<Uuid>,
}

/// What a pass goes by, read under its locks.
#[derive(Debug)]
struct Facts {
    locked: HashMap<Uuid, LockedAdoption>,
    day: NaiveDate,
    priors: HashMap<Uuid, Prior>,
    /// The referral rows, where those that are kept are not current.
    fresh: Option<UpstreamTree>,
    /// The referral rows from the movers to the top.
    climb: UpstreamTree,
    plans: Plans,
}

impl Sequencer {
    /// One pass.
    pub(super) async fn pass(&mut self) -> Result<Done, DistributorError> {
        let (clock, size) = (self.clock, self.pass_size);
        let Some(leader) = &mut self.leader else { return Ok(Done::default()) };
        let mut transaction = self.pool.begin().await?;
        let queued = Queued::read(&mut transaction, size).await?;
        leader.uplines.forget(&queued.accounts);
        let requeued = note_referrals(&mut transaction, &queued.accounts, &leader.state).await?;
        let agenda = if queued.rows.len() < size && requeued == 0 {
            Some(Agenda::read(&mut transaction, size).await?)
        } else {
            None
        };
        if queued.rows.is_empty() && agenda.as_ref().is_some_and(Agenda::is_empty) {
            return Ok(Done { at_rest: true, ..Done::default() });
        }

        let facts = leader.read_facts(&mut transaction, &queued, agenda.as_ref(), &self.rules).await?;
        // Not before: a plan that this pass reads is older than what it numbers.
        let now = clock();
        let before = leader.state.last_seq;
        let at_rest = agenda.is_some();
        let (outcome, left) = leader.decide(&queued, agenda, &facts, &self.rules, size)?;
        let entries = outcome.entries();
        outcome.write(&mut transaction, now).await?;
        if entries > 0 {
            let touched = leader.state.drain_touched();
            sequencer::save(&mut transaction, &leader.state, &touched).await?;
            chunks::append(&mut transaction, before + 1, leader.state.last_seq, self.chunk_size).await?;
        }
        fail_point!("pass-before-commit");
        transaction.commit().await?;
        fail_point!("pass-after-commit");
        Ok(Done { judged: queued.rows.len() as u64, entries, at_rest: at_rest && !left })
    }
}

impl Queued {
    async fn read(connection: &mut PgConnection, limit: usize) -> Result<Self, DistributorError> {
        let mut queued = Self::default();
        for (row, changed) in queue::first(connection, as_limit(limit)).await? {
            queued.rows.push(row);
            match changed {
                Changed::Referral(account) => _ = queued.accounts.insert(account),
                Changed::Adoption(id) => _ = queued.adoptions.insert(id),
            }
        }
        Ok(queued)
    }
}

impl Leader {
    /// Takes the locks and reads what is judged by.
    async fn read_facts(
        &mut self,
        connection: &mut PgConnection,
        queued: &Queued,
        agenda: Option<&Agenda>,
        rules: &Rules,
    ) -> Result<Facts, DistributorError> {
        let mut ids = queued.adoptions.clone();
        ids.extend(agenda.into_iter().flat_map(Agenda::adoptions));
        let locked = adoptions::lock(connection, &ids.into_iter().collect::<Vec<_>>()).await?;
        // what a leader takes from the queue is what it forgets: one that was replaced must not take it from another
        sequencer::hold_term(connection, self.term).await?;
        queue::delete(connection, &queued.rows).await?;
        let day = business_day::hold(connection).await?.day;
        let priors = read_priors(connection, &locked).await?;
        self.uplines.read_for(connection, &locked, &self.state, rules).await?;
        // where nothing is numbered a change that waits in the queue is no harm: it brings back whoever is judged without it
        let fresh = match agenda {
            Some(_) => self.read_where_not_current(connection, &locked).await?,
            None => None,
        };
        let movers: Vec<String> = agenda.map(Agenda::movers).unwrap_or_default();
        let climb = match movers.as_slice() {
            [] => UpstreamTree::default(),
            movers => referrals::read_to_the_top(connection, movers).await?,
        };
        let plans = plans::all(connection).await?;
        let locked = locked.into_iter().map(|adoption| (adoption.source.id, adoption)).collect();
        Ok(Facts { locked, day, priors, fresh, climb, plans })
    }

    /// The rows of the walks, read anew and all in one statement, where changes keep coming and those that are kept are not
    /// of one moment.
    async fn read_where_not_current(
        &self,
        connection: &mut PgConnection,
        locked: &[LockedAdoption],
    ) -> Result<Option<UpstreamTree>, DistributorError> {
        if self.uplines.are_current(connection).await? {
            return Ok(None);
        }
        let adopters: BTreeSet<&str> =
            locked.iter().map(|adoption| adoption.source.account.as_str()).collect();
        let adopters: Vec<String> = adopters.into_iter().map(str::to_owned).collect();
        Ok(Some(referrals::read(connection, &adopters).await?))
    }

    /// Judges what the queue named, and numbers what is on the agenda with what of it can be numbered at once. Says
    /// whether something that is ready may be left for another pass.
    fn decide(
        &mut self,
        queued: &Queued,
        agenda: Option<Agenda>,
        facts: &Facts,
        rules: &Rules,
        size: usize,
    ) -> Result<(Outcome, bool), DistributorError> {
        let tree = facts.fresh.as_ref().unwrap_or(self.uplines.tree());
        let grounds = Grounds { rules, tree, priors: &facts.priors, day: facts.day };
        let numbers = agenda.is_some();
        let mut agenda = agenda.unwrap_or_default();
        let mut outcome = Outcome::default();
        for adoption in queued.adoptions.iter().filter_map(|id| facts.locked.get(id)) {
            let verdict = grounds.judge(adoption, &self.state)?;
            if !(numbers && agenda.add(adoption, &verdict)) {
                outcome.leave(&grounds, adoption, verdict);
            }
        }
        let due = agenda.cut(size);
        // what the backlog holds and nothing named stands there as it is
        let put_off = due.put_off.iter().filter(|id| queued.adoptions.contains(id));
        for adoption in put_off.filter_map(|id| facts.locked.get(id)) {
            outcome.leave(&grounds, adoption, grounds.judge(adoption, &self.state)?);
        }
        let mut numbering = Numbering { grounds, plans: &facts.plans, state: &mut self.state, outcome };
        numbering.number_moves(&due.movers, &facts.climb)?;
        numbering.number_adoptions(&due, &facts.locked)?;
        Ok((numbering.outcome, due.is_cut))
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

/// What the journal knows of the adoptions.
async fn read_priors(
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
