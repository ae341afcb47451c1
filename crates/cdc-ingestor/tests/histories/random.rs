//! Random histories: upstream, the connector and the ingestor each do something at random, until all has been read.

use std::env;
use std::time::Instant;

use persistence::PgPool;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use testkit::database::TestDatabase;
use testkit::debezium::{Connector, Format, Log, Table};

use crate::consumer::Consumer;
use crate::life::Life;
use crate::outcome::check;

const SEEDS: u64 = 200;
/// Things that happen in a history after the snapshot.
const STEPS: usize = 200;
/// The failures that are told in full.
const TOLD: usize = 3;

/// What went through a history.
#[derive(Debug, Default)]
struct Traffic {
    messages: usize,
    batches: usize,
    kills: usize,
}

#[tokio::test]
async fn whatever_upstream_does_ends_in_its_own_rows() {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let seeds = match (number("SEED"), number("SEEDS").unwrap_or(SEEDS)) {
        (Some(seed), _) => seed..=seed,
        (None, seeds) => 1..=seeds,
    };
    let started = Instant::now();
    let database = TestDatabase::create().await.unwrap();
    let mut total = Traffic::default();
    let mut failures: Vec<String> = Vec::new();
    for seed in seeds.clone() {
        match history(database.pool(), seed).await {
            Ok(traffic) => {
                total.messages += traffic.messages;
                total.batches += traffic.batches;
                total.kills += traffic.kills;
            }
            Err(what) => failures.push(format!("SEED={seed}: {what:#}")),
        }
        database.empty().await.unwrap();
    }
    database.close().await.unwrap();
    println!("seeds {seeds:?} in {:?}: {total:?}", started.elapsed());
    let told = failures.iter().take(TOLD).cloned().collect::<Vec<_>>().join("\n");
    let more = failures.iter().skip(TOLD).filter_map(|what| what.split(':').next()).collect::<Vec<_>>();
    assert!(failures.is_empty(), "{} histories failed:\n{told}\n{}", failures.len(), more.join(" "));
}

async fn history(pool: &PgPool, seed: u64) -> anyhow::Result<Traffic> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let format = *[Format::Plain, Format::WithSchemas, Format::Flattened].choose(&mut random).unwrap();
    let mut life = Life::new();
    for _ in 0..random.random_range(0..120) {
        life.step(&mut random);
    }
    let mut connector = life.connect(format);
    let mut log = Log::default();
    let mut consumer = Consumer::new(pool);
    let mut traffic = Traffic::default();
    for _ in 0..STEPS {
        match random.random_range(0..100) {
            0..64 => life.step(&mut random),
            64..82 => {
                connector.read(&mut life.upstream);
                let some = random.random_range(0..=connector.waiting().min(30));
                connector.send(&mut log, some);
            }
            82..85 => traffic.kills += usize::from(kill(&mut random, &mut life, &mut connector, &mut log)),
            85..87 if connector.has_window() => connector.close_window(&mut life.upstream),
            85..87 => connector.open_window(&mut life.upstream, *Table::ALL.choose(&mut random).unwrap()),
            87..95 => consumer.read_some(&mut random, &log).await?,
            95..97 => consumer.crash().await?,
            97..99 => consumer.intrude(&mut random, &log).await?,
            _ => consumer.settle_tree().await?,
        }
    }
    life.end(&mut random);
    connector.close_window(&mut life.upstream);
    connector.read(&mut life.upstream);
    connector.send(&mut log, connector.waiting());
    consumer.read_all(&mut random, &log).await?;
    consumer.settle_tree().await?;
    check(pool, &life, &log, format).await?;
    Ok(Traffic { messages: log.len(), batches: consumer.batches(), ..traffic })
}

/// The connector dies: what came since its last flush comes again, and Kafka may have got some of what it was sending.
fn kill(random: &mut ChaCha8Rng, life: &mut Life, connector: &mut Connector, log: &mut Log) -> bool {
    let since_flush = random.random_range(0..60);
    connector.kill(&mut life.upstream, log, since_flush, || random.random_range(0..12))
}
