//! `distribute.workers_N`: from numbered entries to committed lines, balances, flags and outbox, by N workers.
//!
//! The floor is a bare COPY of the very same lines into the seed's tables over one connection, 1,000 entries a
//! transaction, encoded beforehand. Both sides go on where they stopped; the floor's tables are emptied each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context;
use distributor::{DistributionWorker, Sequencer};
use futures::future::LocalBoxFuture;
use runtime::{Progress, Settings, Worker};
use sqlx::{Executor, PgPool};
use testkit::database::TestDatabase;
use testkit::synced;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::{Scale, seed_tables};
use crate::contest::{Contest, Run, measure};
use crate::cpu::CpuClock;
use crate::network::{Network, write_adoptions};

const ACCOUNTS: usize = 100_000;
const ROOTS: usize = 100;
/// Carried out before anything is measured, so that accounts and ledger are there.
const BEFORE: usize = 60_000;
/// Carried out in each run.
const A_RUN: usize = 20_000;
const CHUNK: usize = 1_000;

pub(crate) struct Workers {
    name: &'static str,
    count: usize,
    scale: Scale,
    stage: Option<Stage>,
}

/// The database and where its workers stand.
struct Stage {
    database: TestDatabase,
    cpu: CpuClock,
    workers: Vec<DistributionWorker>,
    carried_out: i64,
    chunk: i64,
    chunks_a_run: i64,
}

impl Workers {
    pub(crate) fn new(name: &'static str, count: usize, scale: Scale) -> Self {
        Self { name, count, scale, stage: None }
    }

    fn stage(&mut self) -> anyhow::Result<&mut Stage> {
        self.stage.as_mut().context("not prepared")
    }
}

impl Stage {
    async fn new(scale: Scale, workers: usize, runs: u32) -> anyhow::Result<Self> {
        let chunk = (scale.of(A_RUN) / 8).clamp(1, CHUNK);
        let database = TestDatabase::create_durable().await?;
        let pool = database.pool().clone();
        let entries = scale.of(BEFORE) + runs as usize * scale.of(A_RUN);
        fill(&pool, scale, entries).await?;
        seed_tables::create(&pool).await?;

        let settings = database.settings(&[("DISTRIBUTOR__CHUNK_SIZE", &chunk.to_string())])?;
        let connections = u32::try_from(workers)? + 1;
        let pinned = persistence::connect_for_workers(&database.url(), connections, "bench")?;
        number(&settings, &pinned, entries).await?;
        let workers = (0..workers)
            .map(|_| DistributionWorker::new(pinned.clone(), &settings, Arc::new(Notify::new())))
            .collect();
        let cpu = CpuClock::with_server(&pool).await?;
        let chunks_a_run = i64::try_from(scale.of(A_RUN) / chunk)?;
        let chunk = i64::try_from(chunk)?;
        let mut stage = Self { database, cpu, workers, carried_out: 0, chunk, chunks_a_run };
        stage.carry_out(i64::try_from(scale.of(BEFORE))? / chunk).await?;
        pool.execute("VACUUM ANALYZE").await?;
        Ok(stage)
    }

    /// Carries out that many chunks, by all workers together.
    async fn carry_out(&mut self, chunks: i64) -> anyhow::Result<u64> {
        let left = Arc::new(AtomicI64::new(chunks));
        let mut tasks = JoinSet::new();
        for worker in self.workers.drain(..) {
            tasks.spawn(work(worker, Arc::clone(&left)));
        }
        while let Some(task) = tasks.join_next().await {
            self.workers.push(task??);
        }
        let entries = chunks * self.chunk;
        self.carried_out += entries;
        Ok(u64::try_from(entries)?)
    }

    async fn product(&mut self) -> anyhow::Result<Run> {
        let cpu = self.cpu.clone();
        self.database.pool().execute("CHECKPOINT").await?;
        let chunks = self.chunks_a_run;
        measure(&cpu, self.carry_out(chunks)).await
    }

    /// What the product has just written, once more.
    async fn floor(&mut self) -> anyhow::Result<Run> {
        let pool = self.database.pool();
        seed_tables::empty(pool).await?;
        let entries = self.chunks_a_run * self.chunk;
        let mut batches = Vec::new();
        let mut first = self.carried_out - entries + 1;
        while first <= self.carried_out {
            batches.push(seed_tables::read(pool, first, first + self.chunk - 1).await?);
            first += self.chunk;
        }
        pool.execute("CHECKPOINT").await?;
        let mut connection = pool.acquire().await?;
        measure(&self.cpu, async {
            seed_tables::write(&mut connection, &batches).await?;
            Ok(u64::try_from(entries)?)
        })
        .await
    }
}

/// One worker's part.
async fn work(mut worker: DistributionWorker, left: Arc<AtomicI64>) -> anyhow::Result<DistributionWorker> {
    while left.fetch_sub(1, Ordering::Relaxed) > 0 {
        anyhow::ensure!(worker.run_once().await? == Progress::Worked, "there are fewer chunks than expected");
    }
    Ok(worker)
}

async fn fill(pool: &PgPool, scale: Scale, entries: usize) -> anyhow::Result<()> {
    let accounts = scale.of(ACCOUNTS);
    let network = Network::new(accounts, ROOTS.min(accounts));
    eprintln!("  {accounts} accounts, mean depth {:.1}; {entries} adoptions", network.mean_depth());
    let mut connection = pool.acquire().await?;
    let day = persistence::business_day::read(&mut connection).await?;
    network.write(&mut connection).await?;
    write_adoptions(&mut connection, &network.adoptions(entries, day)).await?;
    connection.execute("ANALYZE").await?;
    synced::open_gate(pool).await
}

async fn number(settings: &Settings, pool: &PgPool, entries: usize) -> anyhow::Result<()> {
    let mut sequencer = Sequencer::new(pool.clone(), settings, Arc::new(Notify::new()));
    while sequencer.run_once().await? == Progress::Worked {}
    let numbered: i64 = sqlx::query_scalar("SELECT last_seq FROM sequencer_state").fetch_one(pool).await?;
    anyhow::ensure!(numbered == i64::try_from(entries)?, "{numbered} of {entries} adoptions were numbered");
    Ok(())
}

impl Contest for Workers {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unit(&self) -> &'static str {
        "adoptions/s"
    }

    fn floor_name(&self) -> &'static str {
        "bare COPY of the lines into the seed's tables, one connection"
    }

    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            self.stage = Some(Stage::new(self.scale, self.count, runs).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.product().await })
    }

    fn floor(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.floor().await })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            match self.stage.take() {
                Some(Stage { database, workers, .. }) => {
                    drop(workers);
                    database.close().await
                }
                None => Ok(()),
            }
        })
    }
}
