//! Captured messages into PostgreSQL, in every order in which Kafka could bring them.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::expected::{Rows, check, expected, stored};
use common::{ADOPTIONS, Consumer, Log, REFERRALS, USERS, capture};
use persistence::PgPool;
use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use testkit::database::TestDatabase;
use uuid::Uuid;

async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn captures_end_in_what_upstream_held() {
    let mut tables: Vec<Vec<Rows>> = Vec::new();
    for name in ["a", "b", "d"] {
        let database = TestDatabase::create().await.unwrap();
        let pool = database.pool();
        let lines = capture(name);
        Consumer::default().consume_all(pool, &Log::of(&lines)).await;
        check(pool, &lines, name).await;
        let letters =
            "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'date_range' AND resolved_at IS NULL";
        assert_eq!(count(pool, letters).await, 2, "{name}");
        let nan = "SELECT count(*) FROM synced_adoptions WHERE unstorable_price = 'NAN' AND contribution_per_tree IS NULL";
        assert_eq!(count(pool, nan).await, i64::from(name != "b"), "{name}");
        let deleted = "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NOT NULL";
        assert!(count(pool, deleted).await > 0, "{name}");
        let left =
            "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NOT NULL AND phone IS NOT NULL";
        assert_eq!(count(pool, left).await, 0, "{name}: a user who was deleted leaves no phone number");
        tables.push(vec![
            stored(pool, USERS).await,
            stored(pool, ADOPTIONS).await,
            stored(pool, REFERRALS).await,
        ]);
        database.close().await.unwrap();
    }
    // one history upstream, read three times; the parts that are comparable: how the kills fell differs
    for (table, name) in ["users", "adoptions", "referrals"].iter().enumerate() {
        assert_eq!(tables[0][table], tables[1][table], "{name} of a and b");
        assert_eq!(tables[0][table], tables[2][table], "{name} of a and d");
    }
}

#[tokio::test]
async fn any_interleaving_with_windows_sent_again_ends_the_same() {
    for seed in 0..6_u64 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let name = ["a", "b", "d"][usize::try_from(seed % 3).unwrap()];
        let lines = capture(name);
        let whole = Log::of(&lines);
        let database = TestDatabase::create().await.unwrap();
        let pool = database.pool();
        let (mut log, mut consumer) = (Log::default(), Consumer::default());
        let mut sent: BTreeMap<(String, i32), usize> =
            whole.partitions().into_iter().map(|key| (key, 0)).collect();
        while sent.iter().any(|((topic, partition), sent)| *sent < whole.partition(topic, *partition).len()) {
            for ((topic, partition), sent) in &mut sent {
                let all = whole.partition(topic, *partition);
                if random.random_ratio(1, 5) {
                    // a crash: what came since the last flush comes again, at new offsets
                    for line in &all[sent.saturating_sub(random.random_range(0..12))..*sent] {
                        log.append(line.clone());
                    }
                }
                let until = (*sent + random.random_range(0..9)).min(all.len());
                for line in &all[*sent..until] {
                    log.append(line.clone());
                }
                *sent = until;
            }
            consume_some(&mut random, &mut consumer, pool, &log).await;
        }
        consumer.consume_all(pool, &log).await;
        check(pool, &lines, &format!("seed {seed}, capture {name}")).await;
        database.close().await.unwrap();
    }
}

/// Part of what is there, of one topic in one batch.
async fn consume_some(random: &mut ChaCha8Rng, consumer: &mut Consumer, pool: &PgPool, log: &Log) {
    for topic in common::TABLES {
        let mut batch = Vec::new();
        for partition in 0..3 {
            let from = usize::try_from(consumer.position(topic, partition)).unwrap();
            let there = &log.partition(topic, partition)[from..];
            batch.extend_from_slice(&there[..random.random_range(0..=there.len())]);
        }
        if !batch.is_empty() {
            consumer.consume(pool, topic, &batch).await.unwrap();
        }
    }
}

#[tokio::test]
async fn every_change_is_told_to_the_sequencer_once() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    Consumer::default().consume_all(pool, &Log::of(&lines)).await;
    let adoptions: Vec<Uuid> =
        sqlx::query_scalar("SELECT DISTINCT original_adoption_id FROM sequencer_queue WHERE kind = 1")
            .fetch_all(pool)
            .await
            .unwrap();
    let told: BTreeSet<Uuid> = adoptions.into_iter().collect();
    assert_eq!(told, expected(&lines, ADOPTIONS).into_keys().collect());
    // a row that came and went within one batch was never there for the sequencer
    let untold = "SELECT count(*) FROM synced_referrals s WHERE source_deleted_at IS NULL AND NOT EXISTS
                  (SELECT FROM sequencer_queue q WHERE q.kind = 0 AND q.account_sequence = s.account_sequence)";
    assert_eq!(count(pool, untold).await, 0);
    database.close().await.unwrap();
}
