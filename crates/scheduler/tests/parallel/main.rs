//! Sequencer, workers and scheduler at work at the same time, each on connections of its own, while more comes in: at every
//! commit that an observer can see, balances, effective contribution and sealed snapshots are what the lines give.
//! `SEEDS=n` for more.

#[path = "../calendar/stage.rs"]
mod stage;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Days;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use runtime::{CancellationToken, Health, Idle, Worker, run_until_stopped};
use sqlx::PgPool;
use testkit::history::History;
use testkit::identities;
use testkit::wait::until;
use tokio::task::{JoinHandle, JoinSet};

use crate::stage::{Stage, day};

const SETTINGS: [(&str, &str); 5] = [
    ("ROLL__ACCOUNTS", "2"),
    ("ROLL__ENTRIES", "3"),
    ("ROLL__CHUNKS", "2"),
    ("DISTRIBUTOR__CHUNK_SIZE", "2"),
    ("SNAPSHOT__MAX_WAIT_MINUTES", "100000000"),
];
const WORKERS: usize = 3;
const DAYS: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_every_commit_the_books_agree() -> anyhow::Result<()> {
    let seeds: u64 = std::env::var("SEEDS").ok().map_or(Ok(2), |seeds| seeds.parse())?;
    for seed in 0..seeds {
        run(seed).await.inspect_err(|error| eprintln!("seed {seed}: {error:#}"))?;
    }
    Ok(())
}

/// The observer is not blind.
#[tokio::test]
async fn what_does_not_hold_is_seen() -> anyhow::Result<()> {
    let first = day(2027, 1, 25);
    let mut stage = Stage::new(first, &[]).await?;
    History::new(1, first).go_on(stage.pool(), 40).await?;
    stage.settle().await?;
    stage.noon_of(first + Days::new(1));
    stage.settle().await?;
    assert_eq!(identities::look(stage.pool()).await?.faults, Vec::<String>::new());
    for (nth, spoil) in [
        (
            "2",
            "UPDATE contribution_accounts SET effective_contribution = effective_contribution + 0.0000000001",
        ),
        ("3", "UPDATE system_accounts SET effective_balance = 0 WHERE account_type = 'CITY'"),
        (
            "6",
            "UPDATE daily_contribution_snapshots SET contribution_ratio = contribution_ratio + 0.000000000000000001",
        ),
    ] {
        sqlx::query(spoil).execute(stage.pool()).await?;
        let faults = identities::look(stage.pool()).await?.faults;
        assert!(faults.iter().any(|fault| fault.starts_with(nth)), "{spoil}: {faults:?}");
    }
    stage.close().await
}

async fn run(seed: u64) -> anyhow::Result<()> {
    let first = day(2027, 1, 25);
    let mut stage = Stage::new(first, &SETTINGS).await?;
    let mut history = History::new(seed, first);
    history.go_on(stage.pool(), 80).await?;
    stage.settle().await?;

    let stop = CancellationToken::new();
    let mut at_work = JoinSet::new();
    // those that lead go on leading
    let another = stage.another_sequencer()?;
    at_work.spawn(work(std::mem::replace(&mut stage.sequencer, another), stop.clone()));
    let another = stage.another_scheduler()?;
    at_work.spawn(work(std::mem::replace(&mut stage.scheduler, another), stop.clone()));
    for _ in 0..WORKERS {
        at_work.spawn(work(stage.another_worker()?, stop.clone()));
    }
    let observer = observe(stage.pool().clone(), stop.clone());
    let lived = live(&stage, &mut history, &mut ChaCha8Rng::seed_from_u64(seed)).await;
    stop.cancel();
    while let Some(ended) = at_work.join_next().await {
        ended??;
    }
    let phases = observer.await??;
    lived?;
    let rolling = phases.iter().filter(|(phase, _)| *phase != "idle").map(|(_, times)| times).sum::<u32>();
    anyhow::ensure!(rolling >= 5, "the observer hardly saw a roll: {phases:?}");
    stage.audit().await?;
    stage.close().await
}

/// Runs until it is stopped, as its program does.
async fn work<W: Worker<Error: Send + Sync + 'static>>(
    mut worker: W,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let readiness = Health::default().part(W::NAME);
    Ok(run_until_stopped(&mut worker, Idle::poll(Duration::from_millis(3)), &readiness, &stop).await?)
}

/// Looks again and again; gives how often in which phase of the roll.
fn observe(pool: PgPool, stop: CancellationToken) -> JoinHandle<anyhow::Result<BTreeMap<String, u32>>> {
    tokio::spawn(async move {
        let mut seen = BTreeMap::new();
        while !stop.is_cancelled() {
            let moment = identities::look(&pool).await?;
            anyhow::ensure!(moment.faults.is_empty(), "in {}: {}", moment.phase, moment.faults.join("\n"));
            *seen.entry(moment.phase).or_default() += 1;
        }
        Ok(seen)
    })
}

/// Days begin while what came in on the day before is still carried out, and more comes in until they are sealed.
async fn live(stage: &Stage, history: &mut History, random: &mut ChaCha8Rng) -> anyhow::Result<()> {
    let is_sealed = "SELECT EXISTS (SELECT FROM snapshots JOIN business_day ON snapshot_date = current_day
        WHERE current_day = $1 AND roll_phase = 'idle')";
    for nth in 1..=DAYS {
        let today = day(2027, 1, 25) + Days::new(nth);
        history.go_on(stage.pool(), random.random_range(0..12)).await?;
        stage.noon_of(today);
        history.set_today(today);
        let mut more = 25;
        until("the day to be sealed", Duration::from_secs(30), async || {
            if more > 0 {
                more -= 1;
                history.go_on(stage.pool(), 1).await?;
            }
            let sealed: bool = sqlx::query_scalar(is_sealed).bind(today).fetch_one(stage.pool()).await?;
            Ok(sealed.then_some(()))
        })
        .await?;
    }
    Ok(())
}
