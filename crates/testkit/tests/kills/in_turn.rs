//! All workers are killed in a random order, at random moments. `SEEDS=n` tries the orders 1 to n.

use std::{array, env};

use crate::pipeline::{Pipeline, Progress, Worker};
use anyhow::Context as _;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::run::{self, ENTRIES, MESSAGES, Measure};

const KILLS: usize = 6;
const WORK: Measure = Progress::work;
/// Less than there is to do: every entry has events too.
const LEAST_WORK: i64 = MESSAGES + 2 * ENTRIES;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_killed_whenever_the_books_are_the_same() -> anyhow::Result<()> {
    let seeds = env::var("SEEDS").map_or(Ok(1), |seeds| seeds.parse::<u64>()).context("SEEDS")?;
    for seed in 1..=seeds {
        kill_in_turn(seed).await.with_context(|| format!("seed {seed}"))?;
    }
    Ok(())
}

async fn kill_in_turn(seed: u64) -> anyhow::Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut moments: [i64; KILLS] = array::from_fn(|_| LEAST_WORK * rng.random_range(5..95) / 100);
    moments.sort_unstable();
    let order = moments.map(|moment| (*Worker::WRITERS.choose(&mut rng).unwrap_or(&Worker::Relay), moment));
    let mut live = Worker::WRITERS;
    live.shuffle(&mut rng);
    println!("seed {seed}: {order:?}, then live {live:?}");

    Pipeline::with(async |pipeline| {
        let history = run::history(pipeline, &Worker::WRITERS, async |pipeline| {
            let mut kills = Vec::new();
            for (worker, moment) in order {
                kills.push(run::kill_at(pipeline, worker, WORK, moment).await?);
                pipeline.start(worker)?;
            }
            Ok(kills)
        })
        .await?;
        run::live(pipeline, &live, WORK, 200).await?;
        run::expect_whole(pipeline, &history).await?;
        kill_the_api(pipeline).await
    })
    .await
}

/// It has no state: it answers as before.
async fn kill_the_api(pipeline: &mut Pipeline) -> anyhow::Result<()> {
    let account: String = sqlx::query_scalar(
        "SELECT account_sequence FROM contribution_accounts ORDER BY total_contribution DESC, account_sequence LIMIT 1",
    )
    .fetch_one(pipeline.pool())
    .await?;
    pipeline.start(Worker::Api)?;
    let before = ask(pipeline, &account).await?;
    pipeline.kill(Worker::Api).await?;
    pipeline.start(Worker::Api)?;
    let after = ask(pipeline, &account).await?;
    anyhow::ensure!(before == after, "{before} became {after}");
    Ok(())
}

async fn ask(pipeline: &Pipeline, account: &str) -> anyhow::Result<serde_json::Value> {
    let url = pipeline.api(&format!("contributions/{account}"));
    testkit::wait::until("the API to answer", run::LIMIT, async || {
        // nobody listens until it has started, and it says so until it is ready
        let Ok(answer) = reqwest::get(&url).await else { return Ok(None) };
        if answer.status() == reqwest::StatusCode::SERVICE_UNAVAILABLE {
            return Ok(None);
        }
        let text = answer.error_for_status()?.text().await?;
        let mut account: serde_json::Value = serde_json::from_str(&text)?;
        // upstream's heart goes on beating
        account["asOf"]["sourceTime"].take();
        Ok(Some(account))
    })
    .await
}
