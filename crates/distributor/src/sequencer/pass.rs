//! A pass: one numbering transaction (RULES section 3). First moves, then changes, then the first ready adoptions.
//!
//! Guarantees that journal, state, marks and chunks are of one moment, and that only the leader of the stored term
//! commits them. Transaction: one a pass. Locks: adoptions by id → the state's row → the business day (shared).
//! About twelve round trips, however many entries.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::{
    AccountSequence, Change, Entry, Plans, Prior, SequenceError, SequencerState, Standing, Upstream, line_id,
    move_order,
};
use fail::fail_point;
use persistence::adoptions::{self, LockedAdoption, Mark};
use persistence::backlog::{self, Item, Ready};
use persistence::journal::{self, JournalRow};
use persistence::referrals::{self, UpstreamTree};
use persistence::{PgConnection, business_day, chunks, moves, plans, queue, sequencer};
use uuid::Uuid;

use super::judge::read_priors;
use super::verdict::{Grounds, Verdict, item, keeps_place, mark, mark_warning, traceparent};
use super::{Leader, Rules, Sequencer};
use crate::error::DistributorError;

/// What one pass looks at.
#[derive(Debug)]
struct Agenda {
    movers: Vec<AccountSequence>,
    changed: Vec<Uuid>,
    ready: Vec<Ready>,
}

/// What one pass writes.
#[derive(Debug, Default)]
struct Outcome {
    journal: Vec<JournalRow>,
    marks: HashMap<Uuid, Mark>,
    backlog: Vec<Item>,
    done: Vec<Uuid>,
    moved: Vec<String>,
    forgotten: Vec<String>,
}

impl Sequencer {
    /// Numbers one pass; says how many entries.
    pub(super) async fn number(&mut self) -> Result<u64, DistributorError> {
        let clock = self.clock;
        let Some(leader) = &mut self.leader else { return Ok(0) };
        let mut transaction = self.pool.begin().await?;
        let agenda = Agenda::read(&mut transaction, self.pass_size).await?;
        if agenda.is_empty() {
            return Ok(0);
        }
        let mut locked = adoptions::lock(&mut transaction, &agenda.adoptions()).await?;
        sequencer::hold_term(&mut transaction, leader.term).await?;
        let day = business_day::hold(&mut transaction).await?.day;
        let priors = read_priors(&mut transaction, &locked).await?;
        let fresh = leader.read_uplines(&mut transaction, &locked, &self.rules).await?;
        let tree = fresh.as_ref().unwrap_or(leader.uplines.tree());
        let plans = plans::all(&mut transaction).await?;
        // Not before: a plan that this pass reads is older than what it numbers.
        let now = clock();
        let grounds = Grounds { rules: &self.rules, tree, priors: &priors, day };

        let before = leader.state.last_seq;
        let mut pass = Pass { grounds, plans: &plans, state: &mut leader.state, outcome: Outcome::default() };
        let movers: Vec<String> = agenda.movers.iter().map(|account| account.as_str().to_owned()).collect();
        if !movers.is_empty() {
            pass.number_moves(&agenda.movers, &referrals::read_to_the_top(&mut transaction, &movers).await?)?;
        }
        let mut by_id: HashMap<Uuid, LockedAdoption> =
            locked.drain(..).map(|adoption| (adoption.source.id, adoption)).collect();
        pass.number_adoptions(&agenda, &mut by_id)?;

        let outcome = pass.outcome;
        let entries = outcome.journal.len() as u64;
        outcome.write(&mut transaction, now).await?;
        if entries > 0 {
            let touched = leader.state.drain_touched();
            sequencer::save(&mut transaction, &leader.state, &touched).await?;
            chunks::append(&mut transaction, before + 1, leader.state.last_seq, self.chunk_size).await?;
        }
        fail_point!("pass-before-commit");
        transaction.commit().await?;
        fail_point!("pass-after-commit");
        Ok(entries)
    }
}

impl Leader {
    /// Sees that the rows of the walks are kept and of one moment. Where changes keep coming, they are read anew, all in
    /// one statement, and given.
    async fn read_uplines(
        &mut self,
        connection: &mut PgConnection,
        locked: &[LockedAdoption],
        rules: &Rules,
    ) -> Result<Option<UpstreamTree>, DistributorError> {
        self.uplines.read_for(connection, locked, &self.state, rules).await?;
        if self.uplines.are_current(connection).await? {
            return Ok(None);
        }
        let adopters: BTreeSet<&str> =
            locked.iter().map(|adoption| adoption.source.account.as_str()).collect();
        let adopters: Vec<String> = adopters.into_iter().map(str::to_owned).collect();
        Ok(Some(referrals::read(connection, &adopters).await?))
    }
}

impl Agenda {
    async fn read(connection: &mut PgConnection, size: i64) -> Result<Self, DistributorError> {
        let movers = moves::all(connection).await?;
        let changed = backlog::first_changed(connection, size).await?;
        let room = size - i64::try_from(changed.len()).unwrap_or(size);
        let ready = if room > 0 { backlog::first_ready(connection, room).await? } else { Vec::new() };
        Ok(Self { movers, changed, ready })
    }

    fn is_empty(&self) -> bool {
        self.movers.is_empty() && self.changed.is_empty() && self.ready.is_empty()
    }

    /// Every adoption of the agenda, in the order of their locks.
    fn adoptions(&self) -> Vec<Uuid> {
        let ids: BTreeSet<Uuid> =
            self.changed.iter().copied().chain(self.ready.iter().map(|ready| ready.id)).collect();
        ids.into_iter().collect()
    }
}

/// The pure part of a pass: nothing here waits.
struct Pass<'a> {
    grounds: Grounds<'a>,
    plans: &'a Plans,
    state: &'a mut SequencerState,
    outcome: Outcome,
}

impl Pass<'_> {
    /// Moves come first. One that would close a cycle in the journaled tree stays for the next pass; a referral row
    /// that is gone is no move.
    fn number_moves(
        &mut self,
        movers: &[AccountSequence],
        tree: &UpstreamTree,
    ) -> Result<(), DistributorError> {
        for account in move_order(movers.iter().cloned(), |account| tree.upstream(account)) {
            let after = match tree.upstream(&account) {
                Upstream::Missing => {
                    self.outcome.forgotten.push(account.as_str().to_owned());
                    continue;
                }
                Upstream::Root => None,
                Upstream::Referrer(referrer) => Some(referrer),
            };
            if let Some(entry) = self.state.refer_move(&account, after.as_ref(), self.grounds.day)? {
                let trace = line_id(entry.seq, 0);
                self.outcome.append(entry, None, trace);
                self.outcome.moved.push(account.as_str().to_owned());
            } else if !self.is_move_due(&account, after.as_ref()) {
                self.outcome.forgotten.push(account.as_str().to_owned());
            }
        }
        Ok(())
    }

    fn is_move_due(&self, account: &AccountSequence, after: Option<&AccountSequence>) -> bool {
        let journaled = self.state.referrer(account);
        journaled != domain::Referrer::Unknown && journaled.account() != after
    }

    fn number_adoptions(
        &mut self,
        agenda: &Agenda,
        locked: &mut HashMap<Uuid, LockedAdoption>,
    ) -> Result<(), DistributorError> {
        for id in &agenda.changed {
            match locked.get(id) {
                Some(adoption) => self.number_change(adoption)?,
                None => self.outcome.done.push(*id),
            }
        }
        for ready in &agenda.ready {
            match locked.get(&ready.id) {
                Some(adoption) => self.number_ready(adoption, ready)?,
                None => self.outcome.done.push(ready.id),
            }
        }
        Ok(())
    }

    /// A change to an adoption that has a DISTRIBUTE: what was distributed goes back, or what went back comes again.
    fn number_change(&mut self, adoption: &LockedAdoption) -> Result<(), DistributorError> {
        match (self.grounds.judge(adoption, self.state)?, self.grounds.live(adoption).cloned()) {
            (Verdict::Changed(change), Some(prior)) => self.take_back(adoption, change, &prior),
            (Verdict::Standing(Standing::Ready(upline)), None) => {
                self.distribute(adoption, &upline, self.grounds.priors.get(&adoption.source.id))
            }
            (verdict, _) => {
                self.leave(adoption, verdict);
                Ok(())
            }
        }
    }

    /// A REVERSE, and a DISTRIBUTE right behind it where the new values can be distributed.
    fn take_back(
        &mut self,
        adoption: &LockedAdoption,
        change: Change,
        prior: &Prior,
    ) -> Result<(), DistributorError> {
        let entry = self.state.reverse(prior, self.grounds.day)?;
        let mut reversed = adoption.clone();
        reversed.entry_seq = Some(entry.seq);
        self.outcome.append(entry, Some(adoption), adoption.source.id);
        let standing = self.grounds.standing(adoption, self.state)?;
        match standing {
            Standing::Ready(upline) if change == Change::Replace => {
                self.distribute(&reversed, &upline, Some(prior))?;
            }
            standing => self.put_back(&reversed, &standing),
        }
        if let Some(mark) = self.outcome.marks.get_mut(&adoption.source.id) {
            mark.reversed = true;
        }
        Ok(())
    }

    fn number_ready(&mut self, adoption: &LockedAdoption, place: &Ready) -> Result<(), DistributorError> {
        match self.grounds.judge(adoption, self.state)? {
            Verdict::Standing(Standing::Ready(upline))
                if keeps_place(adoption, place.adoption_date, place.created_at) =>
            {
                let prior = self.grounds.priors.get(&adoption.source.id);
                self.distribute(adoption, &upline, prior)
            }
            verdict => {
                self.leave(adoption, verdict);
                Ok(())
            }
        }
    }

    /// Numbers a DISTRIBUTE, unless the network as it is now makes an anomaly of it.
    fn distribute(
        &mut self,
        adoption: &LockedAdoption,
        upline: &[AccountSequence],
        prior: Option<&Prior>,
    ) -> Result<(), DistributorError> {
        let plan = self.plans.for_date(adoption.source.adoption_date);
        let id = adoption.source.id;
        match self.state.distribute(&adoption.source, upline, prior, plan, self.grounds.day) {
            Ok(entry) => {
                let mark = Mark {
                    id,
                    state: "sequenced",
                    reason: None,
                    warning: self.grounds.warning(adoption),
                    entry_seq: Some(entry.seq),
                    reversed: false,
                };
                self.outcome.append(entry, Some(adoption), id);
                self.outcome.marks.insert(id, mark);
                self.outcome.done.push(id);
                Ok(())
            }
            Err(SequenceError::Anomaly(anomaly)) => {
                self.put_back(adoption, &Standing::Anomaly(anomaly));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Not what the backlog took it for any more: it is put where it belongs now.
    fn leave(&mut self, adoption: &LockedAdoption, verdict: Verdict) {
        match verdict {
            Verdict::Settled => {
                let mark = mark_warning(adoption, self.grounds.warning(adoption));
                self.outcome.marks.insert(adoption.source.id, mark);
                self.outcome.done.push(adoption.source.id);
            }
            Verdict::Changed(_) => self.outcome.backlog.push(super::verdict::changed_item(adoption)),
            Verdict::Standing(standing) => self.put_back(adoption, &standing),
        }
    }

    fn put_back(&mut self, adoption: &LockedAdoption, standing: &Standing) {
        let mark = mark(adoption, standing, self.grounds.warning(adoption));
        self.outcome.backlog.push(item(&self.grounds, adoption, standing));
        self.outcome.marks.insert(adoption.source.id, mark);
    }
}

impl Outcome {
    fn append(&mut self, entry: Entry, adoption: Option<&LockedAdoption>, trace: Uuid) {
        let traceparent = Some(traceparent(trace, entry.seq));
        let position = adoption.map(|adoption| adoption.position.clone());
        self.journal.push(JournalRow { entry, position, traceparent });
    }

    async fn write(self, connection: &mut PgConnection, now: DateTime<Utc>) -> Result<(), DistributorError> {
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
