//! Jobs on the business calendar: one leader at a time, each run a row of `job_runs`.
//!
//! | module | |
//! |---|---|
//! | [`jobs::upkeep`] | ledger partitions, made ahead of the journal |
//! | [`error`] | which error is retried and which one halts |
//!
//! A job takes no input, is idempotent, and can be killed and repeated at any point.

pub mod error;
pub mod jobs;

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use persistence::leadership::Leadership;
use persistence::{PgPool, job_runs, locks, migrations};
use runtime::{Context, ExposeSecret, Idle, Progress, Settings, Worker, run_until_stopped};

pub use error::SchedulerError;

/// How often a standby asks for the lead and a leader looks for a job that is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often upkeep runs: a span of entries lasts for hours at the best rate that was ever measured.
const UPKEEP_EVERY: Duration = Duration::from_mins(10);

/// Runs a scheduler until it is told to stop.
pub async fn run(context: Context) -> Result<(), SchedulerError> {
    let url = context.settings.database.url.expose_secret();
    let pool = persistence::connect(url, 2, "scheduler")?;
    let mut scheduler = Scheduler::new(pool, &context.settings);
    let readiness = context.health.part(Scheduler::NAME);
    run_until_stopped(&mut scheduler, Idle::poll(LOOK_EVERY), &readiness, &context.shutdown).await
}

/// The scheduler of this process: leads, or stands by while another leads.
#[derive(Debug)]
pub struct Scheduler {
    pool: PgPool,
    url: String,
    time_zone: String,
    clock: fn() -> DateTime<Utc>,
    session: Option<Leadership>,
    upkeep_done: Option<Instant>,
}

impl Scheduler {
    /// A scheduler on `pool`.
    pub fn new(pool: PgPool, settings: &Settings) -> Self {
        Self {
            pool,
            url: settings.database.url.expose_secret().to_owned(),
            time_zone: settings.business.time_zone.to_string(),
            clock: Utc::now,
            session: None,
            upkeep_done: None,
        }
    }

    async fn step(&mut self) -> Result<Progress, SchedulerError> {
        if !self.leads().await? {
            return Ok(Progress::Idle);
        }
        if self.upkeep_done.is_none_or(|done| done.elapsed() >= UPKEEP_EVERY) {
            self.upkeep().await?;
            self.upkeep_done = Some(Instant::now());
        }
        Ok(Progress::Idle)
    }

    /// Whether this process leads; asks for the lead if it does not, and sees that the session lives if it does.
    async fn leads(&mut self) -> Result<bool, SchedulerError> {
        let mut session = if let Some(session) = self.session.take() {
            session
        } else {
            migrations::check(&self.pool, &self.time_zone).await?;
            Leadership::open(&self.url).await?
        };
        let leads = session.try_hold(locks::SCHEDULER).await?;
        self.session = Some(session);
        Ok(leads)
    }

    async fn upkeep(&self) -> Result<(), SchedulerError> {
        let mut connection = self.pool.acquire().await?;
        let run = job_runs::begin(&mut connection, jobs::upkeep::NAME, None, (self.clock)()).await?;
        let done = jobs::upkeep::run(&mut connection).await;
        let failure = done.as_ref().err().map(ToString::to_string);
        let outcome = match (&done, &failure) {
            (Ok(rows), _) => Ok(*rows),
            (Err(_), failure) => Err(failure.as_deref().unwrap_or_default()),
        };
        job_runs::end(&mut connection, run, outcome, (self.clock)()).await?;
        done.map(|_| ())
    }
}

impl Worker for Scheduler {
    type Error = SchedulerError;
    const NAME: &'static str = "scheduler";

    async fn run_once(&mut self) -> Result<Progress, SchedulerError> {
        let done = self.step().await;
        if done.is_err() {
            self.session = None;
        }
        done
    }
}
