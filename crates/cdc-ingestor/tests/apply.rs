//! Captured messages into PostgreSQL, in every order in which Kafka could bring them.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cdc_ingestor::IngestError;
use cdc_ingestor::decode::{AdoptionRow, Cell, Decoded, FromRow, Op, Origin, ReferralRow, UserRow, decode};
use common::{ADOPTIONS, Consumer, Line, Log, REFERRALS, USERS, capture, format};
use persistence::PgPool;
use rand::Rng as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use sqlx::Row as _;
use testkit::database::TestDatabase;
use uuid::Uuid;

/// What a table should hold: by upstream id, what is told of the row, and whether it is deleted or displaced.
type Rows = BTreeMap<Uuid, (String, bool, bool)>;

/// Row, lsn (0 for rows that a snapshot read) and account with what is told of it; nothing for a delete.
type Told = (Uuid, i64, Option<(String, String)>);

/// A table as the capture alone tells it: the last event of each row by lsn, or else the row as a snapshot read it.
/// An account belongs to the live row with the greatest lsn.
fn expected(lines: &[Line], topic: &str) -> Rows {
    let mut latest: BTreeMap<Uuid, (i64, Option<String>, Option<String>)> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.topic == topic) {
        let told = match topic {
            USERS => told::<UserRow>(line, |row| {
                (is(&row.account), format!("{:?} {:?}", is(&row.phone), is(&row.status)))
            }),
            ADOPTIONS => told::<AdoptionRow>(line, |row| {
                let more = format!("{} {} {:?}", row.tree_count, row.adoption_date, is(&row.status));
                (is(&row.account), more)
            }),
            _ => told::<ReferralRow>(line, |row| (is(&row.account), format!("{:?}", is(&row.referrer)))),
        };
        let Some((id, lsn, row)) = told else { continue };
        let entry = latest.entry(id).or_insert((-1, None, None));
        if lsn >= entry.0 {
            entry.0 = lsn;
            match row {
                Some((account, more)) => (entry.1, entry.2) = (Some(account), Some(more)),
                None => entry.1 = None,
            }
        }
    }
    let mut holders: BTreeMap<String, (i64, Uuid)> = BTreeMap::new();
    for (id, (lsn, account, _)) in &latest {
        if let Some(account) = account {
            let holder = holders.entry(account.clone()).or_insert((*lsn, *id));
            *holder = (*holder).max((*lsn, *id));
        }
    }
    latest
        .into_iter()
        .filter_map(|(id, (_, account, more))| {
            let displaced =
                topic != ADOPTIONS && account.as_ref().is_some_and(|account| holders[account].1 != id);
            let deleted = account.is_none();
            let text = if deleted { String::new() } else { format!("{} {}", account?, more?) };
            Some((id, (text, deleted, displaced)))
        })
        .collect()
}

fn is<T: Clone>(cell: &Cell<T>) -> T {
    match cell {
        Cell::Is(value) => value.clone(),
        Cell::Unchanged => panic!("no column that is kept is ever left out in the captures"),
    }
}

fn told<R: FromRow>(line: &Line, tell: impl FnOnce(&R) -> (domain::AccountSequence, String)) -> Option<Told> {
    let key = line.key.as_deref().map(str::as_bytes);
    let value = line.value.as_deref().map(str::as_bytes);
    let Ok(Decoded::Change(change)) = decode::<R>(key, value, &format().format) else { return None };
    let lsn = match change.origin {
        Origin::Stream { lsn } => lsn,
        Origin::FullSnapshot { .. } | Origin::IncrementalSnapshot => 0,
    };
    let row = change.row.as_ref().filter(|_| change.op != Op::Delete).map(tell);
    Some((change.id, lsn, row.map(|(account, more)| (account.as_str().to_owned(), more))))
}

async fn stored(pool: &PgPool, topic: &str) -> Rows {
    let query = match topic {
        USERS => {
            "SELECT original_user_id AS id, source_deleted_at IS NOT NULL AS deleted, displaced, account_sequence,
                    phone, status FROM synced_users"
        }
        ADOPTIONS => {
            "SELECT original_adoption_id AS id, source_deleted_at IS NOT NULL AS deleted, FALSE AS displaced,
                    account_sequence, tree_count, adoption_date, status FROM synced_adoptions"
        }
        _ => {
            "SELECT original_referral_id AS id, source_deleted_at IS NOT NULL AS deleted, displaced,
                    account_sequence, referrer_account_sequence FROM synced_referrals"
        }
    };
    let rows = sqlx::query(query).fetch_all(pool).await.unwrap();
    rows.into_iter()
        .map(|row| {
            let account: String = row.get("account_sequence");
            let text = |name| row.get::<Option<String>, _>(name);
            let more = match topic {
                USERS => format!("{:?} {:?}", text("phone"), text("status")),
                ADOPTIONS => {
                    let date: chrono::NaiveDate = row.get("adoption_date");
                    format!("{} {date} {:?}", row.get::<i32, _>("tree_count"), text("status"))
                }
                _ => {
                    let referrer = text("referrer_account_sequence");
                    format!("{:?}", referrer.map(|name| domain::AccountSequence::parse(&name).unwrap()))
                }
            };
            let deleted: bool = row.get("deleted");
            let text = if deleted { String::new() } else { format!("{account} {more}") };
            (row.get("id"), (text, deleted, row.get("displaced")))
        })
        .collect()
}

/// The whole of a table but the columns that tell when and by whom it was written.
async fn dump(pool: &PgPool, table: &str) -> Vec<String> {
    let query = format!("SELECT (to_jsonb(t) - 'id' - 'synced_at')::text AS row FROM {table} t ORDER BY 1");
    let rows = sqlx::query(&query).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.get("row")).collect()
}

async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

async fn check(pool: &PgPool, lines: &[Line], what: &str) {
    for topic in common::TABLES {
        let (expected, stored) = (expected(lines, topic), stored(pool, topic).await);
        for (id, row) in &expected {
            // a deleted row that was never seen otherwise leaves nothing
            assert!(stored.get(id) == Some(row), "{what}: {topic} {id}: {:?}, not {row:?}", stored.get(id));
        }
        assert_eq!(expected.len(), stored.len(), "{what}: {topic}");
    }
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
async fn what_is_sent_again_changes_nothing() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let mut log = Log::of(&capture("a"));
    let mut consumer = Consumer::default();
    consumer.consume_all(pool, &log).await;
    let queued = "SELECT count(*) FROM sequencer_queue";
    let before = count(pool, queued).await;
    let tables = ["synced_users", "synced_adoptions", "synced_referrals"];
    let mut dumps = Vec::new();
    for table in tables {
        dumps.push(dump(pool, table).await);
    }
    // streamed events, from the first after the snapshots to the last
    let streamed = capture("a").into_iter().filter(|line| {
        common::TABLES.contains(&line.topic.as_str())
            && line.value.as_ref().is_none_or(|value| value.contains(r#""snapshot":"false""#))
    });
    for line in streamed {
        log.append(line);
    }
    consumer.consume_all(pool, &log).await;
    for (table, dumped) in tables.iter().zip(dumps) {
        assert_eq!(dump(pool, table).await, dumped, "{table}");
    }
    assert_eq!(count(pool, queued).await, before, "nothing for the sequencer");
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_row_deleted_during_the_snapshot_stays_deleted() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let mut log = Log::default();
    // line 35 reads the row into the snapshot, line 95 deletes it with a lower lsn
    for number in [35, 95, 96] {
        log.append(lines[number - 1].clone());
    }
    let mut consumer = Consumer::default();
    consumer.consume_all(pool, &log).await;
    let deleted =
        "SELECT count(*) FROM synced_adoptions WHERE source_deleted_at IS NOT NULL AND changed_version = 1";
    assert_eq!(count(pool, deleted).await, 1, "in one batch");
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_create_sent_again_after_its_delete_brings_nothing_back() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let mut log = Log::default();
    let mut consumer = Consumer::default();
    // created at line 213, updated with a placeholder at 214, deleted at 216; then all of it but the delete again
    for numbers in [&[213, 214][..], &[216, 217], &[213, 214]] {
        for number in numbers {
            log.append(lines[*number - 1].clone());
        }
        consumer.consume_all(pool, &log).await;
    }
    let deleted = "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NOT NULL";
    assert_eq!(count(pool, deleted).await, 1);
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_key_change_may_come_in_either_order() {
    let lines = capture("a");
    // d and c of one change on two partitions: 192 and 194, 216 and 218
    for (first, then) in [([35, 1], [192, 194]), ([213, 214], [216, 218])] {
        for order in [then, [then[1], then[0]]] {
            let database = TestDatabase::create().await.unwrap();
            let pool = database.pool();
            let mut consumer = Consumer::default();
            let mut log = Log::default();
            let known = lines.iter().filter(|line| {
                line.key == lines[then[0] - 1].key && line.topic == USERS && line.value.is_some()
            });
            let mut before: Vec<Line> =
                known.take_while(|line| line.value != lines[then[0] - 1].value).cloned().collect();
            assert!(!before.is_empty(), "{first:?}");
            before.drain(..).for_each(|line| log.append(line));
            consumer.consume_all(pool, &log).await;
            for number in order {
                log.append(lines[number - 1].clone());
                consumer.consume_all(pool, &log).await;
            }
            let live = "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NULL AND NOT displaced";
            let deleted =
                "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NOT NULL AND NOT displaced";
            assert_eq!((count(pool, live).await, count(pool, deleted).await), (1, 1), "{order:?}");
            let open = "SELECT count(*) FROM cdc_dead_letters WHERE resolved_at IS NULL";
            assert_eq!(count(pool, open).await, 0, "{order:?}");
            let taken = "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'unique_taken'";
            assert_eq!(count(pool, taken).await, i64::from(order != then), "{order:?}");
            database.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn two_consumers_of_a_partition_write_once() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let log = Log::of(&capture("a"));
    let lines = log.partition(ADOPTIONS, 0);
    let (mut first, mut second) = (Consumer::default(), Consumer::default());
    first.consume(pool, ADOPTIONS, &lines[..10]).await.unwrap();
    let refused = second.consume(pool, ADOPTIONS, &lines[..4]).await;
    assert!(matches!(refused, Err(IngestError::PartitionTaken { .. })));
    assert_eq!(second.position(ADOPTIONS, 0), 0);
    let both = tokio::join!(
        {
            let (mut one, pool, lines) = (first.clone(), pool.clone(), lines.to_vec());
            async move { one.consume(&pool, ADOPTIONS, &lines[10..]).await }
        },
        {
            let (mut two, pool, lines) = (first.clone(), pool.clone(), lines.to_vec());
            async move { two.consume(&pool, ADOPTIONS, &lines[10..20]).await }
        },
    );
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    let events = "SELECT count(*) FROM processed_events";
    assert_eq!(count(pool, events).await, 2);
    let queued = "SELECT count(*) - count(DISTINCT original_adoption_id) FROM sequencer_queue";
    assert_eq!(count(pool, queued).await, 0);
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_poisoned_message_is_put_aside_and_redacted() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let mut bad = lines[92 - 1].clone();
    bad.value = bad.value.map(|value| {
        value.replace(r#""phone":"t3""#, r#""phone":"13800000001""#).replace(r#""op":"c""#, r#""op":"x""#)
    });
    let mut torn = lines[97 - 1].clone();
    torn.value = torn.value.map(|value| value[..200].to_owned());
    let mut log = Log::default();
    for line in [&bad, &torn, &lines[99 - 1]] {
        log.append(line.clone());
    }
    Consumer::default().consume_all(pool, &log).await;
    let codes: Vec<String> = sqlx::query_scalar("SELECT error_code FROM cdc_dead_letters ORDER BY id")
        .fetch_all(pool)
        .await
        .unwrap();
    assert_eq!(codes, ["unknown_op", "bad_json"]);
    let phones = "SELECT count(*) FROM cdc_dead_letters WHERE value LIKE '%13800000001%' OR value NOT LIKE '%[redacted]%'";
    assert_eq!(count(pool, phones).await, 0);
    let hashes = "SELECT count(*) FROM cdc_dead_letters WHERE length(value_sha256) = 64";
    assert_eq!(count(pool, hashes).await, 2);
    assert_eq!(count(pool, "SELECT count(*) FROM synced_users").await, 1, "the stream goes on");
    assert_eq!(count(pool, "SELECT next_offset FROM cdc_offsets").await, 3);
    database.close().await.unwrap();
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

#[tokio::test]
async fn a_raised_epoch_comes_before_the_lsn() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let mut log = Log::default();
    let mut consumer = Consumer::default();
    // an account taken away at line 217 by its delete; on a new server its create comes with a lower lsn
    for number in [213, 216, 217, 213] {
        log.append(lines[number - 1].clone());
    }
    consumer.consume_all(pool, &log).await;
    let live = "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NULL";
    assert_eq!(count(pool, live).await, 0);
    sqlx::query("INSERT INTO cdc_watermarks (source, source_epoch) VALUES ('upstream', 1)")
        .execute(pool)
        .await
        .unwrap();
    log.append(lines[213 - 1].clone());
    consumer.consume_all(pool, &log).await;
    assert_eq!(count(pool, live).await, 1);
    assert_eq!(count(pool, "SELECT source_epoch::bigint FROM synced_users").await, 1);
    database.close().await.unwrap();
}
