//! `snapshot`: the day's snapshot of a million accounts sealed: lines with apportioned ratios, tree, header and event.
//!
//! The floors write the same number of lines from the same accounts by one INSERT … SELECT, with the total given and
//! every ratio 0. How long a proof takes is printed beside.

use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{NaiveDate, SubsecRound, Utc};
use futures::future::LocalBoxFuture;
use persistence::snapshots::{Order, Sealed};
use persistence::views::snapshots::{self, Header};
use scheduler::jobs::snapshot::seal;
use sqlx::{Executor, PgPool};
use testkit::database::TestDatabase;

use super::Scale;
use crate::contest::{Contest, Floor, Run, measure};
use crate::cpu::CpuClock;
use crate::memory;
use crate::network::write_accounts;

const ACCOUNTS: usize = 1_000_000;
/// Proofs that are timed after each seal.
const PROOFS: usize = 200;

const FLOORS: [Floor; 2] = [
    Floor::main(
        "bare INSERT … SELECT of the same lines, ratios 0, random ids as the column's default makes them",
    ),
    Floor::beside(".ids_in_order", "the same with ids that rise from line to line, as the snapshot's do"),
];
/// The ids of the lines.
const IDS: [&str; 2] =
    ["gen_random_uuid()", "lpad(to_hex(row_number() OVER (ORDER BY account_sequence)), 32, '0')::uuid"];

/// Seals a day.
pub(crate) struct Sealing {
    scale: Scale,
    stage: Option<Stage>,
}

struct Stage {
    database: TestDatabase,
    cpu: CpuClock,
    day: NaiveDate,
}

impl Sealing {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, stage: None }
    }

    async fn begin(&self) -> anyhow::Result<Stage> {
        let database = TestDatabase::create_durable().await?;
        let pool = database.pool();
        write_accounts(pool, self.scale.of(ACCOUNTS)).await?;
        let day = persistence::business_day::read(&mut *pool.acquire().await?).await?;
        Ok(Stage { cpu: CpuClock::with_server(pool).await?, day, database })
    }

    fn stage(&self) -> anyhow::Result<&Stage> {
        self.stage.as_ref().context("not prepared")
    }
}

impl Stage {
    fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// As before the day was sealed.
    async fn unseal(&self) -> anyhow::Result<()> {
        self.pool().execute("TRUNCATE snapshots, snapshot_tree_blocks, daily_contribution_snapshots").await?;
        self.pool().execute("CHECKPOINT").await?;
        Ok(())
    }

    async fn seal(&self) -> anyhow::Result<Header> {
        let order = Order {
            day: self.day,
            watermark: 0,
            complete: true,
            system_accounts: true,
            shards: 8,
            at: Utc::now().trunc_subsecs(6),
        };
        match seal(self.pool(), &order).await? {
            Sealed::Now(header) => Ok(header),
            Sealed::Before(header) => anyhow::bail!("sealed before: {header:?}"),
        }
    }

    /// Prints how long the proofs of lines from all over the snapshot took.
    async fn prove(&self, header: &Header) -> anyhow::Result<()> {
        let mut connection = self.pool().acquire().await?;
        let accounts: Vec<String> = sqlx::query_scalar(
            "SELECT account_sequence FROM daily_contribution_snapshots ORDER BY hashtextextended(account_sequence, 0)
             LIMIT $1",
        )
        .bind(i64::try_from(PROOFS)?)
        .fetch_all(&mut *connection)
        .await?;
        let mut took = Vec::new();
        for account in &accounts {
            let started = Instant::now();
            snapshots::proof(&mut connection, header, account).await?.context("no such line")?;
            took.push(started.elapsed());
        }
        took.sort_unstable();
        let at = |place: usize| took.get(place).map_or(0.0, Duration::as_secs_f64) * 1e3;
        eprintln!(
            "  a proof: {:.1} ms, one in a hundred above {:.1} ms",
            at(took.len() / 2),
            at(took.len() * 99 / 100)
        );
        Ok(())
    }
}

impl Contest for Sealing {
    fn name(&self) -> &'static str {
        "snapshot"
    }

    fn unit(&self) -> &'static str {
        "lines/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.stage = Some(self.begin().await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let stage = self.stage()?;
            stage.unseal().await?;
            memory::forget_peak()?;
            let before = memory::resident_mib()?;
            let mut sealed = None;
            let run = measure(&stage.cpu, async {
                let header = sealed.insert(stage.seal().await?);
                Ok(u64::try_from(header.account_count)?)
            })
            .await?;
            eprintln!("  resident memory: {before} MiB at the start, {} MiB at most", memory::peak_mib()?);
            stage.prove(&sealed.context("not sealed")?).await?;
            Ok(run)
        })
    }

    fn floor(&mut self, place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async move {
            let stage = self.stage()?;
            stage.unseal().await?;
            let total = "56544000000.1";
            let insert = format!(
                "INSERT INTO daily_contribution_snapshots (id, snapshot_date, account_sequence, effective_contribution,
                     network_total_contribution, contribution_ratio, created_at)
                 SELECT {}, $1, account_sequence, effective_contribution, {total}, 0, $2 FROM contribution_accounts
                 WHERE effective_contribution > 0 ORDER BY account_sequence",
                IDS[place]
            );
            measure(&stage.cpu, async {
                let insert = sqlx::query(&insert).bind(stage.day).bind(Utc::now());
                Ok(insert.execute(stage.pool()).await?.rows_affected())
            })
            .await
        })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            match self.stage.take() {
                Some(stage) => stage.database.close().await,
                None => Ok(()),
            }
        })
    }
}
