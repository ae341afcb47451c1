//! Jobs on the business calendar: one leader at a time, each run a row of `job_runs`.
//!
//! | module | |
//! |---|---|
//! | [`calendar`] | which step comes next |
//! | [`due`] | when a snapshot is due |
//! | [`jobs::roll`] | the business day moves on, and effective contribution with it |
//! | [`jobs::snapshot`] | a day is sealed |
//! | [`jobs::team_stats`] | what stands below each account at the end of a day |
//! | [`jobs::upkeep`] | ledger partitions made ahead, retention, the planner's statistics |
//! | [`clocks`] | two clocks that must agree |
//! | [`error`] | which error is retried and which one halts |
//!
//! A job takes no input but the day, is idempotent, and can be killed and repeated at any point.

mod calendar;
mod clocks;
mod due;
pub mod error;
pub mod jobs;
mod runs;

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use persistence::leadership::Leadership;
use persistence::{PgPool, job_runs, locks, migrations};
use runtime::{Context, ExposeSecret, Idle, Progress, Settings, Worker, run_until_stopped};

use self::due::Wait;
use self::runs::Run;
pub use clocks::{Clock, Clocks};
pub use error::SchedulerError;

/// How often a standby asks for the lead and a leader looks for a job that is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often upkeep runs: a span of entries lasts for hours at the best rate that was ever measured.
const UPKEEP_EVERY: Duration = Duration::from_mins(10);

/// Runs a scheduler until it is told to stop.
pub async fn run(context: Context) -> Result<(), SchedulerError> {
    let url = context.settings.database.url.expose_secret();
    let pool = persistence::connect(url, 4, "scheduler")?;
    let mut scheduler = Scheduler::new(pool, &context.settings);
    let readiness = context.health.part(Scheduler::NAME);
    run_until_stopped(&mut scheduler, Idle::poll(LOOK_EVERY), &readiness, &context.shutdown).await
}

/// The scheduler of this process: leads, or stands by while another leads.
#[derive(Debug)]
pub struct Scheduler {
    pool: PgPool,
    settings: Settings,
    clocks: Clocks,
    /// When this process began.
    began: DateTime<Utc>,
    session: Option<Leadership>,
    /// Whether it led when it last asked.
    leads: bool,
    upkeep_done: Option<Instant>,
    /// The run of the roll under way.
    rolling: Option<Run>,
    /// The snapshot that is waited for.
    wait: Option<Wait>,
    /// The day at which a person was asked whether to go on.
    asked: Option<NaiveDate>,
}

impl Scheduler {
    /// A scheduler on `pool`.
    pub fn new(pool: PgPool, settings: &Settings) -> Self {
        Self::with_clocks(pool, settings, Clocks::default())
    }

    /// The same by other clocks.
    pub fn with_clocks(pool: PgPool, settings: &Settings, clocks: Clocks) -> Self {
        Self {
            pool,
            settings: settings.clone(),
            began: clocks.now(),
            clocks,
            session: None,
            leads: false,
            upkeep_done: None,
            rolling: None,
            wait: None,
            asked: None,
        }
    }

    async fn step(&mut self) -> Result<Progress, SchedulerError> {
        if !self.leads().await? {
            // of the calendar only the leader tells
            metrics::gauge!("contrib_roll_days_behind").set(0.0);
            metrics::gauge!("contrib_snapshot_wait_seconds").set(0.0);
            return Ok(Progress::Idle);
        }
        if self.upkeep_done.is_none_or(|done| done.elapsed() >= UPKEEP_EVERY) {
            let mut connection = self.pool.acquire().await?;
            self.run(
                jobs::upkeep::NAME,
                None,
                jobs::upkeep::run(&mut connection, &self.settings.upkeep, self.now()),
            )
            .await?;
            self.upkeep_done = Some(Instant::now());
        }
        self.turn().await
    }

    /// Whether this process leads; asks for the lead if it does not, and sees that the session lives if it does.
    async fn leads(&mut self) -> Result<bool, SchedulerError> {
        let mut session = if let Some(session) = self.session.take() {
            session
        } else {
            migrations::check(&self.pool, self.settings.business.time_zone.name()).await?;
            Leadership::open(self.settings.database.url.expose_secret()).await?
        };
        let leads = session.try_hold(locks::SCHEDULER).await?;
        self.session = Some(session);
        if leads && !self.leads {
            job_runs::end_abandoned(&mut *self.pool.acquire().await?, self.now()).await?;
        }
        self.leads = leads;
        Ok(leads)
    }

    /// Runs `job`, whose result is how many rows it wrote, as a row of `job_runs`.
    async fn run(
        &self,
        name: &str,
        day: Option<NaiveDate>,
        job: impl Future<Output = Result<u64, SchedulerError>>,
    ) -> Result<(), SchedulerError> {
        let mut run = Run::begin(&self.pool, name, day, self.now()).await?;
        match job.await {
            Ok(rows) => {
                run.add(rows);
                run.end(&self.pool, self.now()).await
            }
            Err(error) => {
                run.fail(&self.pool, &error, self.now()).await;
                Err(error)
            }
        }
    }

    /// The time, as PostgreSQL stores it.
    fn now(&self) -> DateTime<Utc> {
        self.clocks.now().trunc_subsecs(6)
    }
}

impl Worker for Scheduler {
    type Error = SchedulerError;
    const NAME: &'static str = "scheduler";

    async fn run_once(&mut self) -> Result<Progress, SchedulerError> {
        let done = self.step().await;
        if done.is_err() {
            self.session = None;
            self.leads = false;
            self.rolling = None;
            self.wait = None;
        }
        done
    }
}
