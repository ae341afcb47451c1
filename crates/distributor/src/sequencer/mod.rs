//! The sequencer: one leader that numbers what happens.
//!
//! Guarantees `distribution_seq` 1, 2, 3, … without a gap in the order of RULES section 3, from a state of its own
//! that is written in the same transaction as the journal. A step is a [`pass`], which judges what changed upstream,
//! sorts into the backlog what is to stay there, and numbers what is ready.
//!
//! Leadership is a session lock on a connection of its own; `leader_term` is checked under its row's lock in every
//! numbering transaction, so a leader that slept through its successor's take-over writes nothing.
//! Any error lets go of leadership and of the state in memory: both are taken up anew.

mod agenda;
mod numbering;
mod outcome;
mod pass;
mod uplines;
mod verdict;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Ruling, SequencerState};
use persistence::leadership::Leadership;
use persistence::queue::BacklogCheck;
use persistence::{PgPool, business_day, locks, migrations, moves, queue, sequencer};
use runtime::settings::Business;
use runtime::{ExposeSecret, Progress, Settings, Worker};
use tokio::sync::Notify;

use self::uplines::Uplines;
use crate::error::DistributorError;

/// How often everything that waits is looked at again, whatever the queue says.
const FULL_CHECK_EVERY: TimeDelta = TimeDelta::minutes(10);

/// How often it is noted how far everything has been judged.
const NOTE_EVERY: TimeDelta = TimeDelta::seconds(1);

/// What a judgement goes by, besides the facts.
#[derive(Debug, Clone)]
struct Rules {
    ruling: Ruling,
    /// The settings that they are, as one text.
    text: String,
}

/// The sequencer of this process: leads, or stands by while another leads.
#[derive(Debug)]
pub struct Sequencer {
    pool: PgPool,
    url: String,
    time_zone: String,
    rules: Rules,
    pass_size: usize,
    chunk_size: i64,
    numbered: Arc<Notify>,
    clock: fn() -> DateTime<Utc>,
    leader: Option<Leader>,
}

/// What a leader holds.
#[derive(Debug)]
struct Leader {
    _session: Leadership,
    term: i64,
    state: SequencerState,
    uplines: Uplines,
    gate_open: bool,
    checked: Option<BacklogCheck>,
    /// When it was last noted how far everything has been judged.
    noted: Option<DateTime<Utc>>,
}

/// A setting as PostgreSQL counts.
fn as_limit(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

impl Sequencer {
    /// A sequencer on `pool`; `numbered` is notified when there are chunks to carry out.
    pub fn new(pool: PgPool, settings: &Settings, numbered: Arc<Notify>) -> Self {
        let business = &settings.business;
        let Business { ineligible_statuses, max_future_days, missing_referral, .. } = business;
        Self {
            pool,
            url: settings.database.url.expose_secret().to_owned(),
            time_zone: business.time_zone.to_string(),
            rules: Rules {
                ruling: Ruling::new(ineligible_statuses, *max_future_days, missing_referral.is_root()),
                text: format!("{ineligible_statuses:?} {max_future_days} {missing_referral:?}"),
            },
            pass_size: settings.distributor.pass_size,
            chunk_size: as_limit(settings.distributor.chunk_size),
            numbered,
            clock: Utc::now,
            leader: None,
        }
    }

    /// The same with another clock, which tells when things were done and decides nothing.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> DateTime<Utc>) -> Self {
        self.clock = clock;
        self
    }

    async fn step(&mut self) -> Result<Progress, DistributorError> {
        if self.leader.is_none() {
            self.leader = self.try_lead().await?;
        }
        let Some(leader) = &mut self.leader else { return Ok(Progress::Idle) };
        let now = (self.clock)();
        if !leader.gate_open {
            let mut connection = self.pool.acquire().await?;
            leader.gate_open = sequencer::gate_is_open(&mut connection, now).await?;
            if !leader.gate_open {
                return Ok(Progress::Idle);
            }
            tracing::info!("the initial snapshots have been read: numbering begins");
        }
        self.check_now_and_then(now).await?;
        let began = self.time_to_note(now).await?;
        let done = self.pass().await?;
        if let Some(began) = began.filter(|_| done.at_rest) {
            self.note_judged(began, now).await?;
        }
        if done.entries > 0 {
            metrics::counter!("contrib_entries_numbered_total").increment(done.entries);
            self.numbered.notify_one();
        }
        Ok(if done.judged + done.entries > 0 { Progress::Worked } else { Progress::Idle })
    }

    /// PostgreSQL's time, where it is due to note how far everything has been judged.
    async fn time_to_note(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DistributorError> {
        let last = self.leader.as_ref().and_then(|leader| leader.noted);
        if last.is_some_and(|last| (now - last).abs() < NOTE_EVERY) {
            return Ok(None);
        }
        Ok(Some(sequencer::time(&mut *self.pool.acquire().await?).await?))
    }

    /// The queue was read to its end after `began`, and nothing that was ready is left: the snapshot waits for that.
    async fn note_judged(
        &mut self,
        began: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), DistributorError> {
        let Some(leader) = &mut self.leader else { return Ok(()) };
        sequencer::note_judged(&mut *self.pool.acquire().await?, began, leader.term).await?;
        leader.noted = Some(now);
        Ok(())
    }

    /// Takes the session lock if nobody leads, begins a term and loads the journaled state.
    async fn try_lead(&self) -> Result<Option<Leader>, DistributorError> {
        migrations::check(&self.pool, &self.time_zone).await?;
        let mut session = Leadership::open(&self.url).await?;
        if !session.try_hold(locks::SEQUENCER).await? {
            session.close().await?;
            return Ok(None);
        }
        let mut connection = self.pool.acquire().await?;
        let term = sequencer::begin_term(&mut connection).await?;
        let state = sequencer::load(&mut connection).await?;
        let checked = queue::last_check(&mut connection).await?;
        tracing::info!(term, last_seq = state.last_seq, accounts = state.accounts().len(), "leads");
        Ok(Some(Leader {
            _session: session,
            term,
            state,
            uplines: Uplines::default(),
            gate_open: false,
            checked,
            noted: None,
        }))
    }

    /// At a new business day, under other rules and every so often, everything that waits is queued again.
    async fn check_now_and_then(&mut self, now: DateTime<Utc>) -> Result<(), DistributorError> {
        let Some(leader) = &mut self.leader else { return Ok(()) };
        let day = business_day::read(&mut *self.pool.acquire().await?).await?;
        let is_fresh = leader.checked.as_ref().is_some_and(|last| {
            let age = now - last.at; // below zero where a clock was put back
            last.day == day
                && last.rules == self.rules.text
                && age >= TimeDelta::zero()
                && age < FULL_CHECK_EVERY
        });
        if is_fresh {
            return Ok(());
        }
        let check = BacklogCheck { at: now, day, rules: self.rules.text.clone() };
        let mut transaction = self.pool.begin().await?;
        queue::requeue_backlog(&mut transaction).await?;
        moves::remember_all(&mut transaction).await?;
        queue::note_check(&mut transaction, &check).await?;
        transaction.commit().await?;
        leader.checked = Some(check);
        leader.uplines = Uplines::default();
        Ok(())
    }
}

impl Worker for Sequencer {
    type Error = DistributorError;
    const NAME: &'static str = "sequencer";

    async fn run_once(&mut self) -> Result<Progress, DistributorError> {
        let done = self.step().await;
        if done.is_err() {
            self.leader = None;
        }
        done
    }
}
