//! Random histories under kills: several sequencers and workers, each killed at random points around every commit and
//! started again, while upstream goes on. At rest, the independent auditor has to find nothing.
//!
//! 500 histories, or `SEEDS=n`; `SEED=n` runs the one of that number. A seed fixes what upstream does, the sizes, and
//! the odds; which of two processes comes first is the machine's to say.

#![allow(clippy::unwrap_used, missing_docs)]

mod processes;

use chrono::NaiveDate;
use futures::future::try_join_all;
use sqlx::PgPool;
use testkit::database::TestDatabase;
use testkit::history::History;
use testkit::synced;

use crate::processes::Processes;

/// Histories at a time, each in a database of its own: connections, not cores, are what there is few of.
const AT_A_TIME: usize = 4;

fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(500),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_under_kills_end_with_the_ledger_that_the_auditor_derives() -> anyhow::Result<()> {
    let scenario = processes::arm();
    let kills: Vec<u64> =
        try_join_all((0..AT_A_TIME).map(|lane| in_turn(seeds().skip(lane).step_by(AT_A_TIME)))).await?;
    let (histories, killed) = (seeds().count() as u64, kills.iter().sum::<u64>());
    println!("{histories} histories, {killed} kills");
    assert!(killed >= histories, "hardly anything was killed: {killed} kills");
    scenario.teardown();
    Ok(())
}

/// Histories one after the other in one database; says how often something was killed.
async fn in_turn(seeds: impl Iterator<Item = u64>) -> anyhow::Result<u64> {
    let database = TestDatabase::create().await?;
    let pool = persistence::connect_for_workers(&database.url(), 10, "test")?;
    let mut kills = 0;
    for seed in seeds {
        let lived = live_through(seed, &database, &pool).await;
        kills += lived.map_err(|error| error.context(format!("SEED={seed}")))?;
        database.empty().await?;
    }
    pool.close().await;
    database.close().await?;
    Ok(kills)
}

/// One history from its first referral to rest; says how often something was killed.
async fn live_through(seed: u64, database: &TestDatabase, pool: &PgPool) -> anyhow::Result<u64> {
    let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    synced::open_gate(database.pool()).await?;
    synced::business_day(database.pool(), today).await?;
    let processes = Processes::start(seed, database, pool)?;
    let mut history = History::new(seed, today);
    for _ in 0..3 {
        history.go_on(database.pool(), 20).await?;
        processes.until_at_rest().await?;
    }
    history.end(database.pool()).await?;
    processes.until_at_rest().await?;
    let kills = processes.stop().await?;

    let report = testkit::audit::audit(database.pool()).await?;
    anyhow::ensure!(report.is_clean(), "{report}");
    Ok(kills)
}
