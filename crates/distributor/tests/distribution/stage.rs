//! A database with a sequencer and workers that are driven step by step.

use std::sync::Arc;

use chrono::NaiveDate;
use distributor::{DistributionWorker, DistributorError, Sequencer};
use runtime::{Progress, Settings, Worker};
use sqlx::PgPool;
use testkit::database::TestDatabase;
use testkit::synced;
use tokio::sync::Notify;

/// Today, for the books of a test.
pub(crate) fn today() -> NaiveDate {
    day(2026, 11, 22)
}

pub(crate) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

pub(crate) struct Stage {
    database: TestDatabase,
    pub(crate) settings: Settings,
    pub(crate) sequencer: Sequencer,
    pub(crate) worker: DistributionWorker,
}

impl Stage {
    pub(crate) async fn new() -> anyhow::Result<Self> {
        Self::with(&[]).await
    }

    /// With settings such as `("DISTRIBUTOR__PASS_SIZE", "3")`.
    pub(crate) async fn with(overrides: &[(&str, &str)]) -> anyhow::Result<Self> {
        let database = TestDatabase::create().await?;
        synced::open_gate(database.pool()).await?;
        synced::business_day(database.pool(), today()).await?;
        let settings = database.settings(overrides)?;
        let (sequencer, worker) = workers(&settings)?;
        Ok(Self { database, settings, sequencer, worker })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// Another process's sequencer and worker on the same database.
    pub(crate) fn others(&self) -> anyhow::Result<(Sequencer, DistributionWorker)> {
        workers(&self.settings)
    }

    /// Numbers until there is nothing to number.
    pub(crate) async fn number(&mut self) -> Result<(), DistributorError> {
        while self.sequencer.run_once().await? == Progress::Worked {}
        Ok(())
    }

    /// Numbers and carries out until there is nothing to do.
    pub(crate) async fn settle(&mut self) -> Result<(), DistributorError> {
        self.number().await?;
        while self.worker.run_once().await? == Progress::Worked {}
        Ok(())
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        drop(self.sequencer);
        drop(self.worker);
        self.database.close().await
    }

    /// A value as text: `SELECT …` of one column and one row.
    pub(crate) async fn text(&self, statement: &'static str) -> anyhow::Result<String> {
        Ok(sqlx::query_scalar(statement).fetch_one(self.pool()).await?)
    }

    /// Rows as text, one column.
    pub(crate) async fn texts(&self, statement: &'static str) -> anyhow::Result<Vec<String>> {
        Ok(sqlx::query_scalar(statement).fetch_all(self.pool()).await?)
    }
}

fn workers(settings: &Settings) -> anyhow::Result<(Sequencer, DistributionWorker)> {
    use runtime::ExposeSecret;
    let pool = persistence::connect_for_workers(settings.database.url.expose_secret(), 6, "test")?;
    let numbered = Arc::new(Notify::new());
    Ok((
        Sequencer::new(pool.clone(), settings, Arc::clone(&numbered)),
        DistributionWorker::new(pool, settings, numbered),
    ))
}

impl Stage {
    /// Fails with what the independent auditor finds.
    pub(crate) async fn audit(&self) -> anyhow::Result<()> {
        let report = testkit::audit::audit(self.pool()).await?;
        let report_text = report.to_string();
        let faults = report_text.lines().filter(|line| line.starts_with('✗'));
        let faults: Vec<String> = faults.map(|line| format!("audit: {line}")).collect();
        anyhow::ensure!(report.is_clean(), "{}", faults.join("\n"));
        Ok(())
    }
}
