//! The distributor on a database of its own, with a network's history to work off.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::NaiveDate;
use distributor::{DistributionWorker, Sequencer};
use runtime::{Progress, Worker};
use sqlx::{Executor, PgPool};
use testkit::database::TestDatabase;
use testkit::synced;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::cpu::CpuClock;
use crate::network::{Adoption, History, Network, write_adoptions};

/// What a [`Service`] begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beginning {
    pub(crate) accounts: usize,
    /// Trees that the accounts form.
    pub(crate) roots: usize,
    /// Adoptions there will ever be.
    pub(crate) adoptions: usize,
    pub(crate) workers: usize,
    /// Divides the settings' sizes of passes and chunks.
    pub(crate) shrink: u32,
}

/// Sequencer and workers, and how far they have come.
pub(crate) struct Service {
    database: TestDatabase,
    pub(crate) cpu: CpuClock,
    /// Connections as the distributor's own are: plans pinned.
    pub(crate) pinned: PgPool,
    history: History,
    sequencer: Sequencer,
    workers: Vec<DistributionWorker>,
    /// Entries of a pass at most.
    pub(crate) pass: i64,
    /// Entries of a chunk at most.
    pub(crate) chunk: i64,
    written: i64,
    pub(crate) numbered: i64,
    pub(crate) carried_out: i64,
}

impl Service {
    /// The network is there, and no adoption yet.
    pub(crate) async fn new(beginning: Beginning) -> anyhow::Result<Self> {
        let Beginning { accounts, roots, adoptions, workers, shrink } = beginning;
        let database = TestDatabase::create_durable().await?;
        let pool = database.pool();
        let mut connection = pool.acquire().await?;
        let day = persistence::business_day::read(&mut connection).await?;
        let network = Network::new(accounts, roots.min(accounts));
        eprintln!("  {accounts} accounts, mean depth {:.1}; {adoptions} adoptions", network.mean_depth());
        network.write(&mut connection).await?;
        connection.execute("ANALYZE").await?;
        drop(connection);
        synced::open_gate(pool).await?;

        let mut settings = database.settings(&[])?;
        let sizes = &mut settings.distributor;
        for size in [&mut sizes.pass_size, &mut sizes.chunk_size] {
            *size = size.div_ceil(shrink as usize);
        }
        let connections = u32::try_from(workers)? + 1;
        let pinned = persistence::connect_for_workers(&database.url(), connections, "bench")?;
        let called = Arc::new(Notify::new());
        Ok(Self {
            cpu: CpuClock::with_server(pool).await?,
            history: network.history(adoptions, day),
            sequencer: Sequencer::new(pinned.clone(), &settings, Arc::clone(&called)),
            workers: (0..workers)
                .map(|_| DistributionWorker::new(pinned.clone(), &settings, Arc::clone(&called)))
                .collect(),
            pass: i64::try_from(settings.distributor.pass_size)?,
            chunk: i64::try_from(settings.distributor.chunk_size)?,
            written: 0,
            numbered: 0,
            carried_out: 0,
            database,
            pinned,
        })
    }

    pub(crate) fn database(&self) -> &TestDatabase {
        &self.database
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// The next adoptions of the history, as the ingestor leaves them.
    pub(crate) async fn write(&mut self, adoptions: usize) -> anyhow::Result<()> {
        let adoptions: Vec<_> = self.history.by_ref().take(adoptions).collect();
        self.write_these(&adoptions).await
    }

    /// The same with dates of their own, told by their place.
    pub(crate) async fn write_dated(
        &mut self,
        adoptions: usize,
        date: impl Fn(usize) -> NaiveDate,
    ) -> anyhow::Result<()> {
        let mut adoptions: Vec<_> = self.history.by_ref().take(adoptions).collect();
        for (place, (_, adoption)) in adoptions.iter_mut().enumerate() {
            adoption.date = date(place);
        }
        self.write_these(&adoptions).await
    }

    async fn write_these(&mut self, adoptions: &[(usize, Adoption)]) -> anyhow::Result<()> {
        self.written += i64::try_from(adoptions.len())?;
        let mut connection = self.database.pool().acquire().await?;
        write_adoptions(&mut connection, adoptions).await
    }

    /// Numbers what is written; says how many entries that gave.
    pub(crate) async fn number(&mut self) -> anyhow::Result<u64> {
        while self.sequencer.run_once().await? == Progress::Worked {}
        let before = self.numbered;
        self.numbered =
            sqlx::query_scalar("SELECT last_seq FROM sequencer_state").fetch_one(self.pool()).await?;
        let (written, numbered) = (self.written, self.numbered);
        anyhow::ensure!(written == numbered, "{numbered} of {written} adoptions were numbered");
        Ok(u64::try_from(numbered - before)?)
    }

    /// Carries out the chunks that lie within the next `entries` entries, by all workers together; says how many
    /// entries that were.
    pub(crate) async fn carry_out(&mut self, entries: usize) -> anyhow::Result<u64> {
        let before = self.carried_out;
        let (chunks, last): (i64, i64) = sqlx::query_as(
            "SELECT count(*), coalesce(max(last_seq), $1) FROM distribution_chunks
             WHERE first_seq > $1 AND last_seq <= $1 + $2",
        )
        .bind(before)
        .bind(i64::try_from(entries)?)
        .fetch_one(self.pool())
        .await?;
        let left = Arc::new(AtomicI64::new(chunks));
        let mut tasks = JoinSet::new();
        for worker in self.workers.drain(..) {
            tasks.spawn(work(worker, Arc::clone(&left)));
        }
        while let Some(task) = tasks.join_next().await {
            self.workers.push(task??);
        }
        self.carried_out = last;
        Ok(u64::try_from(last - before)?)
    }

    /// Makes room in the ledger for what is numbered, as the scheduler does.
    pub(crate) async fn make_partitions(&self) -> anyhow::Result<()> {
        let mut connection = self.pool().acquire().await?;
        persistence::partitions::make_ahead(&mut connection).await?;
        Ok(())
    }

    /// Leaves nothing to the server's upkeep that would come in the middle of a measurement.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        self.pool().execute("VACUUM ANALYZE").await?;
        self.checkpoint().await
    }

    /// What was written before is on the disk.
    pub(crate) async fn checkpoint(&self) -> anyhow::Result<()> {
        self.pool().execute("CHECKPOINT").await?;
        Ok(())
    }

    /// Takes the database away.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let Self { database, workers, sequencer, pinned, .. } = self;
        drop((workers, sequencer));
        pinned.close().await;
        database.close().await
    }
}

/// One worker's part.
async fn work(mut worker: DistributionWorker, left: Arc<AtomicI64>) -> anyhow::Result<DistributionWorker> {
    while left.fetch_sub(1, Ordering::Relaxed) > 0 {
        anyhow::ensure!(worker.run_once().await? == Progress::Worked, "there are fewer chunks than expected");
    }
    Ok(worker)
}
