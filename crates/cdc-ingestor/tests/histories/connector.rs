//! Histories told to a real upstream, read by a real connector and by the ingestor as a process. Connector, replication
//! connection and ingestor are killed in the middle, while upstream lives on.

use std::collections::BTreeMap;

use anyhow::Context as _;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor as _, PgPool, Postgres};
use testkit::debezium::{Said, Statement, Table, Tx};
use testkit::wait::until;

use crate::common::stack::{LIMIT, Process, READ, number};
use crate::life::Life;
use crate::outcome::check_tree;
use crate::upstream::Upstream;

/// Accounts that are there from the beginning, for the snapshot, and that nothing happens to.
const QUIET: i32 = 9;
/// Messages between two kills, at least.
const BETWEEN: i64 = 60;
/// What happens upstream while something is down.
const STEPS_WHILE_DOWN: usize = 40;
/// What is left to do: dead letters, and the referral tree's tasks.
const LEFT: &str = "SELECT (SELECT count(*) FROM cdc_dead_letters WHERE resolved_at IS NULL)
                         + (SELECT count(*) FROM referral_tree_tasks)";

/// What is killed.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// Connector and task, through Connect.
    Connector,
    /// The server's end of the replication connection.
    Walsender,
    /// The ingestor's process.
    Ingestor,
}

#[tokio::test(flavor = "multi_thread")]
async fn first_history_survives_its_kills() {
    history(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn second_history_survives_its_kills() {
    history(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn third_history_survives_its_kills() {
    history(3).await;
}

async fn history(seed: u64) {
    // a connection that was cut is made again at once
    let settings = [("retriable.restart.connector.wait.ms", "200")];
    Upstream::with(QUIET, &settings, async |upstream| live(upstream, seed).await).await;
}

async fn live(upstream: &mut Upstream, seed: u64) -> anyhow::Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut kills = [Kill::Connector, Kill::Walsender, Kill::Ingestor, Kill::Walsender];
    kills.shuffle(&mut random);
    println!("seed {seed}: {kills:?}");
    let mut people = People::connect(&upstream.servers.upstream_url(&upstream.name)).await?;
    let environment = upstream.environment();
    let mut ingestor = Process::start(&environment);
    people.live(&mut random, STEPS_WHILE_DOWN).await?;
    upstream.servers.wait_position(&upstream.name).await?;
    for kill in kills {
        people.live_until_read(&mut random, upstream.pool()).await?;
        match kill {
            Kill::Connector => upstream.servers.restart_connector(&upstream.name).await?,
            Kill::Walsender => people.cut_replication(&upstream.name).await?,
            Kill::Ingestor => {
                ingestor.kill();
                people.live(&mut random, STEPS_WHILE_DOWN).await?;
                ingestor = Process::start(&environment);
            }
        }
        people.live(&mut random, STEPS_WHILE_DOWN).await?;
        people.wait_replication(&upstream.name).await?;
    }
    people.live_until_read(&mut random, upstream.pool()).await?;
    people.end(&mut random).await?;
    let started = std::time::Instant::now();
    while let Some(difference) = upstream.difference().await? {
        anyhow::ensure!(started.elapsed() < LIMIT, "{difference}");
    }
    until("nothing to be left", LIMIT, async || Ok((number(upstream.pool(), LEFT).await == 0).then_some(())))
        .await?;
    check_tree(upstream.pool()).await?;
    people.expect_told().await?;
    println!("seed {seed}: {} statements, {} messages", people.told, number(upstream.pool(), READ).await);
    Ok(())
}

/// Those who write to the real upstream what they write to the model of it.
struct People {
    life: Life,
    pool: PgPool,
    sessions: BTreeMap<Tx, PoolConnection<Postgres>>,
    told: usize,
}

impl People {
    async fn connect(url: &str) -> anyhow::Result<Self> {
        let pool = PgPoolOptions::new().max_connections(8).connect(url).await?;
        Ok(Self { life: Life::tame(), pool, sessions: BTreeMap::new(), told: 0 })
    }

    /// Lives on until the ingestor has read more, with some open end: the middle.
    async fn live_until_read(&mut self, random: &mut ChaCha8Rng, synced: &PgPool) -> anyhow::Result<()> {
        let far = number(synced, READ).await + random.random_range(BETWEEN..2 * BETWEEN);
        until("the ingestor to read on", LIMIT, async || {
            self.live(random, 5).await?;
            Ok((number(synced, READ).await >= far).then_some(()))
        })
        .await
    }

    async fn live(&mut self, random: &mut ChaCha8Rng, steps: usize) -> anyhow::Result<()> {
        for _ in 0..steps {
            self.life.step(random);
            self.tell().await?;
        }
        Ok(())
    }

    async fn end(&mut self, random: &mut ChaCha8Rng) -> anyhow::Result<()> {
        self.life.end(random);
        self.tell().await
    }

    /// Says what was said to the model, each transaction on a connection of its own.
    async fn tell(&mut self) -> anyhow::Result<()> {
        for Statement { tx, said } in self.life.upstream.take_statements() {
            let tx = tx.context("a tame life has transactions only")?;
            let mut session = match self.sessions.remove(&tx) {
                Some(session) => session,
                None => self.pool.acquire().await?,
            };
            let is_last = matches!(&said, Said::Sql(sql) if sql == "COMMIT" || sql == "ROLLBACK");
            match said {
                Said::Sql(sql) => {
                    session.execute(&*sql).await.with_context(|| sql.clone())?;
                }
                Said::Copy { sql, rows } => {
                    let mut copy = session.copy_in_raw(&sql).await?;
                    copy.send(rows.as_bytes()).await?;
                    copy.finish().await?;
                }
            }
            self.told += 1;
            if !is_last {
                self.sessions.insert(tx, session);
            }
        }
        Ok(())
    }

    async fn cut_replication(&self, slot: &str) -> anyhow::Result<()> {
        until("a replication connection to be cut", LIMIT, async || {
            let cut: Option<bool> = sqlx::query_scalar(
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
                 WHERE slot_name = $1 AND active_pid IS NOT NULL",
            )
            .bind(slot)
            .fetch_optional(&self.pool)
            .await?;
            Ok(cut.filter(|cut| *cut).map(drop))
        })
        .await
    }

    /// Waits until the connector reads the log. One that is restarted while it connects leaves a connection behind that
    /// holds the slot for a minute.
    async fn wait_replication(&self, slot: &str) -> anyhow::Result<()> {
        let active = "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = ";
        until("the connector to read the log", LIMIT, async || {
            Ok((number(&self.pool, &format!("{active}'{slot}'")).await == 1).then_some(()))
        })
        .await
    }

    /// The real tables have the model's rows.
    async fn expect_told(&self) -> anyhow::Result<()> {
        for table in Table::ALL {
            let query = format!("SELECT count(*) FROM {}.{}", table.schema(), table.name());
            let real = number(&self.pool, &query).await;
            let model = self.life.upstream.rows(table).count();
            anyhow::ensure!(
                real == i64::try_from(model)? + i64::from(QUIET),
                "{real} rows, not {model}: {table:?}"
            );
        }
        Ok(())
    }
}
