//! A database with all workers but ingestor and relay, driven step by step, and a clock that is moved by hand.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use distributor::{DistributionWorker, Sequencer};
use runtime::{ExposeSecret, Progress, Settings, Worker};
use scheduler::{Clocks, Scheduler};
use sqlx::PgPool;
use testkit::database::TestDatabase;
use testkit::synced;
use tokio::sync::Notify;

pub(crate) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Each time it is asked it is two seconds later, so that a sequencer notes at every step how far it has judged.
fn hasty() -> DateTime<Utc> {
    static SECONDS: AtomicI64 = AtomicI64::new(1_800_000_000);
    DateTime::from_timestamp(SECONDS.fetch_add(2, Ordering::Relaxed), 0).unwrap_or_default()
}

pub(crate) struct Stage {
    database: TestDatabase,
    pub(crate) settings: Settings,
    pub(crate) sequencer: Sequencer,
    pub(crate) worker: DistributionWorker,
    pub(crate) scheduler: Scheduler,
    /// Seconds of this process's clock.
    pub(crate) here: Arc<AtomicI64>,
    /// Seconds of PostgreSQL's clock.
    pub(crate) there: Arc<AtomicI64>,
}

impl Stage {
    /// Begins on `day`, with every source read far into the future.
    pub(crate) async fn new(day: NaiveDate, others: &[(&str, &str)]) -> anyhow::Result<Self> {
        let database = TestDatabase::create().await?;
        synced::open_gate(database.pool()).await?;
        synced::business_day(database.pool(), day).await?;
        sqlx::query("UPDATE sequencer_state SET bootstrap_opened_at = now()")
            .execute(database.pool())
            .await?;
        read_through(database.pool(), day + Days::new(40_000)).await?;
        let settings = database.settings(others)?;
        let url = settings.database.url.expose_secret();
        let pool = persistence::connect_for_workers(url, 4, "test")?;
        let numbered = Arc::new(Notify::new());
        let noon = noon(day).timestamp();
        let (here, there) = (Arc::new(AtomicI64::new(noon)), Arc::new(AtomicI64::new(noon)));
        let scheduler = scheduler(&settings, &here, &there)?;
        Ok(Self {
            sequencer: Sequencer::new(pool.clone(), &settings, Arc::clone(&numbered)).with_clock(hasty),
            worker: DistributionWorker::new(pool, &settings, numbered),
            scheduler,
            database,
            settings,
            here,
            there,
        })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// Another process's sequencer.
    pub(crate) fn another_sequencer(&self) -> anyhow::Result<Sequencer> {
        let pool = persistence::connect_for_workers(self.settings.database.url.expose_secret(), 2, "test")?;
        Ok(Sequencer::new(pool, &self.settings, Arc::default()).with_clock(hasty))
    }

    /// Another process's worker.
    pub(crate) fn another_worker(&self) -> anyhow::Result<DistributionWorker> {
        let pool = persistence::connect_for_workers(self.settings.database.url.expose_secret(), 2, "test")?;
        Ok(DistributionWorker::new(pool, &self.settings, Arc::default()))
    }

    /// Another process's scheduler.
    pub(crate) fn another_scheduler(&self) -> anyhow::Result<Scheduler> {
        scheduler(&self.settings, &self.here, &self.there)
    }

    /// The scheduler's process dies, and begins anew.
    pub(crate) fn restart_scheduler(&mut self) -> anyhow::Result<()> {
        self.scheduler = self.another_scheduler()?;
        Ok(())
    }

    /// It is noon of `day` by both clocks.
    pub(crate) fn noon_of(&self, day: NaiveDate) {
        self.at(noon(day));
    }

    /// It is `moment` by both clocks.
    pub(crate) fn at(&self, moment: DateTime<Utc>) {
        self.here.store(moment.timestamp(), Ordering::Relaxed);
        self.there.store(moment.timestamp(), Ordering::Relaxed);
    }

    /// Numbers and carries out until there is nothing to do.
    pub(crate) async fn distribute(&mut self) -> anyhow::Result<()> {
        while self.sequencer.run_once().await? == Progress::Worked {}
        while self.worker.run_once().await? == Progress::Worked {}
        Ok(())
    }

    /// All workers, until none has anything to do. A snapshot asks the sequencer first, and looks again.
    pub(crate) async fn settle(&mut self) -> anyhow::Result<()> {
        let mut idle = 0;
        while idle < 2 {
            self.distribute().await?;
            idle = if self.scheduler.run_once().await? == Progress::Idle { idle + 1 } else { 0 };
        }
        Ok(())
    }

    /// A value as text: `SELECT …` of one column and one row.
    pub(crate) async fn text(&self, statement: &'static str) -> anyhow::Result<String> {
        let value: Option<String> =
            sqlx::query_scalar(statement).fetch_optional(self.pool()).await?.context("no row")?;
        Ok(value.unwrap_or_default())
    }

    /// Rows as text, one column.
    pub(crate) async fn texts(&self, statement: &'static str) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar(statement).fetch_all(self.pool()).await?)
    }

    /// Fails with what the independent auditor finds.
    pub(crate) async fn audit(&self) -> anyhow::Result<()> {
        let report = testkit::audit::audit(self.pool()).await?;
        let text = report.to_string();
        let faults: Vec<&str> = text.lines().filter(|line| line.starts_with('✗')).collect();
        anyhow::ensure!(report.is_clean(), "{}", faults.join("\n"));
        Ok(())
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        drop((self.sequencer, self.worker, self.scheduler));
        self.database.close().await
    }
}

/// Every source has been read to the beginning of `day`.
pub(crate) async fn read_through(pool: &PgPool, day: NaiveDate) -> anyhow::Result<()> {
    sqlx::query("DELETE FROM cdc_watermarks").execute(pool).await?;
    sqlx::query("INSERT INTO cdc_watermarks (source, watermark) VALUES ('upstream', $1)")
        .bind(noon(day))
        .execute(pool)
        .await?;
    Ok(())
}

/// Noon in Shanghai.
pub(crate) fn noon(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(4)
}

fn scheduler(
    settings: &Settings,
    here: &Arc<AtomicI64>,
    there: &Arc<AtomicI64>,
) -> anyhow::Result<Scheduler> {
    let pool = persistence::connect(settings.database.url.expose_secret(), 4, "test")?;
    let clock = |seconds: &Arc<AtomicI64>| -> scheduler::Clock {
        let seconds = Arc::clone(seconds);
        Arc::new(move || DateTime::from_timestamp(seconds.load(Ordering::Relaxed), 0).unwrap_or_default())
    };
    Ok(Scheduler::with_clocks(pool, settings, Clocks::set(clock(here), clock(there))))
}
