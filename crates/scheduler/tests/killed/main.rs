//! The scheduler is killed at its failpoints while days roll, snapshots are sealed and entries are carried out; the auditor
//! looks after each kill. `SEEDS=n` for more.

#[path = "../calendar/stage.rs"]
mod stage;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use futures::FutureExt;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use runtime::Worker;
use testkit::history::History;
use testkit::wait::until;

use crate::stage::{Stage, day};

const POINTS: [&str; 8] = [
    "roll-begin-before-commit",
    "roll-begin-after-commit",
    "roll-before-commit",
    "roll-after-commit",
    "snapshot-before-commit",
    "snapshot-after-commit",
    "team-stats-before-commit",
    "team-stats-after-commit",
];
const SETTINGS: [(&str, &str); 6] = [
    ("ROLL__ACCOUNTS", "3"),
    ("ROLL__ENTRIES", "4"),
    ("ROLL__CHUNKS", "1"),
    ("ROLL__MAX_UNATTENDED", "10000"),
    ("DISTRIBUTOR__CHUNK_SIZE", "2"),
    ("SNAPSHOT__MAX_WAIT_MINUTES", "100000000"),
];

#[tokio::test]
async fn killed_anywhere_the_calendar_goes_on() -> anyhow::Result<()> {
    let seeds: u64 = std::env::var("SEEDS").ok().map_or(Ok(6), |seeds| seeds.parse())?;
    let mut kills = 0;
    std::panic::set_hook(Box::new(|_| {}));
    for seed in 0..seeds {
        kills += run(seed).await.inspect_err(|error| eprintln!("seed {seed}: {error:#}"))?;
    }
    drop(std::panic::take_hook());
    assert!(kills >= seeds * 10, "only {kills} kills");
    Ok(())
}

/// Twelve jumps of the calendar under kills; says how many kills there were.
async fn run(seed: u64) -> anyhow::Result<u64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut today = day(2027, 1, 25);
    let mut stage = Stage::new(today, &SETTINGS).await?;
    let mut history = History::new(seed, today);
    history.go_on(stage.pool(), 60).await?;
    stage.settle().await?;
    let mut kills = 0;
    for _ in 0..12 {
        today = today + Days::new(*[1, 1, 1, 2, 5].choose(&mut random).unwrap_or(&1));
        stage.noon_of(today);
        history.set_today(today);
        let armed = POINTS[random.random_range(0..POINTS.len())];
        fail::cfg(armed, &format!("{}%panic", random.random_range(20..60))).map_err(anyhow::Error::msg)?;
        kills += go_to(&mut stage, &mut history, today, &mut random).await?;
        fail::remove(armed);
    }
    history.end(stage.pool()).await?;
    stage.settle().await?;
    stage.audit().await?;
    stage.close().await?;
    Ok(kills)
}

/// Steps of all workers in random turn, with more coming in, until `today` is sealed.
async fn go_to(
    stage: &mut Stage,
    history: &mut History,
    today: NaiveDate,
    random: &mut ChaCha8Rng,
) -> anyhow::Result<u64> {
    let mut kills = 0;
    let mut turns = 0;
    let is_sealed = "SELECT EXISTS (SELECT FROM snapshots, business_day
        WHERE snapshot_date = current_day AND roll_phase = 'idle' AND current_day = $1)";
    until("the day to be sealed", Duration::from_mins(1), async || {
        turns += 1;
        if turns % 4 == 0 && turns < 200 {
            history.go_on(stage.pool(), 1).await?;
        }
        if random.random_bool(0.7) {
            stage.distribute().await?;
        }
        if let Ok(done) = AssertUnwindSafe(stage.scheduler.run_once()).catch_unwind().await {
            done?;
        } else {
            kills += 1;
            stage.restart_scheduler()?;
            stage.audit().await?;
        }
        let sealed: bool = sqlx::query_scalar(is_sealed).bind(today).fetch_one(stage.pool()).await?;
        Ok(sealed.then_some(()))
    })
    .await?;
    Ok(kills)
}
