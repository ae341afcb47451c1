//! Books in which people have refered, adopted, cancelled and moved, carried out chunk by chunk, and what a snapshot of
//! them holds.

use std::sync::Arc;

use anyhow::ensure;
use chrono::{DateTime, Days, NaiveDate, SubsecRound, Utc};
use distributor::{DistributionWorker, Sequencer};
use persistence::snapshots::{self, Order, Sealed};
use persistence::views::snapshots::Header;
use runtime::{Progress, Worker};
use sqlx::PgPool;
use testkit::database::TestDatabase;
use testkit::history::History;
use testkit::synced;
use tokio::sync::Notify;

/// The business day.
pub(crate) const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day of the calendar");

/// When a snapshot is sealed.
pub(crate) fn at() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// An order for today's snapshot.
pub(crate) fn order(watermark: i64) -> Order {
    Order { day: TODAY, watermark, complete: true, system_accounts: true, shards: 8, at: at() }
}

/// What a snapshot holds: its root, which commits to everything, and its lines as text.
pub(crate) type Contents = (String, Vec<String>);

pub(crate) struct Stage {
    database: TestDatabase,
    sequencer: Sequencer,
    worker: DistributionWorker,
}

impl Stage {
    /// Empty books, open for numbering.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let database = TestDatabase::create().await?;
        synced::open_gate(database.pool()).await?;
        synced::business_day(database.pool(), TODAY).await?;
        let settings = database.settings(&[("DISTRIBUTOR__CHUNK_SIZE", "7")])?;
        let workers = persistence::connect_for_workers(&database.url(), 4, "test")?;
        let numbered = Arc::new(Notify::new());
        let sequencer = Sequencer::new(workers.clone(), &settings, Arc::clone(&numbered));
        let worker = DistributionWorker::new(workers, &settings, numbered);
        Ok(Self { database, sequencer, worker })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// People live on, and all that becomes ready is numbered.
    pub(crate) async fn live(&mut self, history: &mut History, steps: usize) -> anyhow::Result<()> {
        history.go_on(self.database.pool(), steps).await?;
        self.number_all().await
    }

    /// Numbers all that is ready.
    pub(crate) async fn number_all(&mut self) -> anyhow::Result<()> {
        while self.sequencer.run_once().await? == Progress::Worked {}
        Ok(())
    }

    /// Carries out one chunk; whether there was one.
    pub(crate) async fn carry_out_one(&mut self) -> anyhow::Result<bool> {
        Ok(self.worker.run_once().await? == Progress::Worked)
    }

    /// Carries out everything.
    pub(crate) async fn carry_out(&mut self) -> anyhow::Result<()> {
        while self.carry_out_one().await? {}
        Ok(())
    }

    pub(crate) async fn watermark(&self) -> anyhow::Result<i64> {
        Ok(persistence::chunks::watermark(&mut *self.pool().acquire().await?).await?)
    }

    /// What the snapshot would hold that is sealed now; nothing is.
    pub(crate) async fn would_hold(&self, order: &Order) -> anyhow::Result<Contents> {
        let mut transaction = snapshots::begin(self.pool()).await?;
        let sealed = snapshots::seal(&mut transaction, order).await?;
        let Sealed::Now(header) = sealed else { anyhow::bail!("sealed before: {sealed:?}") };
        let lines = sqlx::query_scalar(LINES).bind(order.day).fetch_all(&mut *transaction).await?;
        ensure!(header.account_count == i64::try_from(lines.len())?, "{header:?}");
        transaction.rollback().await?;
        Ok((header.merkle_root.to_string(), lines))
    }

    /// What the sealed snapshot of `header` holds.
    pub(crate) async fn contents(&self, header: &Header) -> anyhow::Result<Contents> {
        let lines = sqlx::query_scalar(LINES).bind(header.snapshot_date).fetch_all(self.pool()).await?;
        Ok((header.merkle_root.to_string(), lines))
    }

    /// A number: `SELECT …` of one column and one row.
    pub(crate) async fn number(&self, statement: &'static str) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(statement).fetch_one(self.pool()).await?)
    }

    /// Fails with what the independent auditor finds.
    pub(crate) async fn audit(&self) -> anyhow::Result<()> {
        let report = testkit::audit::audit(self.pool()).await?;
        ensure!(report.is_clean(), "{report}");
        Ok(())
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        drop((self.sequencer, self.worker));
        self.database.close().await
    }
}

/// All columns of a line but when it was written.
const LINES: &str =
    "SELECT concat_ws(' ', id, account_sequence, effective_contribution, network_total_contribution,
        contribution_ratio)
    FROM daily_contribution_snapshots WHERE snapshot_date = $1 ORDER BY account_sequence";

/// Adoptions around today: some live, some expired, some not yet in effect.
pub(crate) fn history(seed: u64) -> History {
    History::new(seed, TODAY - Days::new(2))
}
