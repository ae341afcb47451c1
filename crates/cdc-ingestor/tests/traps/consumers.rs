//! Several ingestors, ingestors that are killed, and servers that are away.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use cdc_ingestor::IngestError;
use persistence::PgPool;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::{Disposed as _, Disposition, Worker as _};
use testkit::database::TestDatabase;

use crate::common::expected::check;
use crate::common::stack::{LIMIT, READ, Stack, number, step, step_until};
use crate::common::{ADOPTIONS, Consumer, Line, Log, TABLES, USERS, capture};
use crate::outage::Proxy;

tokio::task_local! {
    /// After so many commits the ingestor of this task is killed.
    static COMMITS_LEFT: Cell<u32>;
}

fn meet_fate() {
    let killed = COMMITS_LEFT.try_with(|left| {
        left.set(left.get() - 1);
        left.get() == 0
    });
    if killed == Ok(true) {
        // as a panic, but nobody is told
        std::panic::resume_unwind(Box::new("killed"));
    }
}

/// The group's positions in Kafka, where it has any.
fn committed(stack: &Stack) -> HashMap<(String, i32), i64> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &stack.brokers).set("group.id", &stack.prefix);
    let consumer: BaseConsumer = config.create().unwrap();
    let mut asked = TopicPartitionList::new();
    for topic in TABLES {
        asked.add_partition_range(&stack.topic(topic), 0, 2);
    }
    let told = consumer.committed_offsets(asked, LIMIT).unwrap();
    let known = told.elements().into_iter().filter_map(|element| match element.offset() {
        Offset::Offset(offset) => Some(((element.topic().to_owned(), element.partition()), offset)),
        _ => None,
    });
    known.collect()
}

async fn stored_positions(pool: &PgPool) -> Vec<(String, i32, i64)> {
    sqlx::query_as("SELECT topic, partition, next_offset FROM cdc_offsets").fetch_all(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_02_killed_between_the_database_commit_and_the_kafka_commit() {
    let scenario = fail::FailScenario::setup();
    fail::cfg_callback("ingest-after-commit", meet_fate).unwrap();
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let all = stack.produce_all(&lines).await;
    for commits in [1, 2, 4] {
        let mut ingestor = stack.start(pool);
        let run = async move {
            loop {
                step(&mut ingestor).await;
            }
        };
        let killed = tokio::spawn(COMMITS_LEFT.scope(Cell::new(commits), run)).await;
        assert!(killed.unwrap_err().is_panic());
        let committed = committed(&stack);
        let ahead = |(topic, partition, next): &(String, i32, i64)| {
            *next > committed.get(&(topic.clone(), *partition)).copied().unwrap_or(0)
        };
        assert!(stored_positions(pool).await.iter().any(ahead), "Kafka knows less than PostgreSQL");
    }
    let mut ingestor = stack.start(pool);
    step_until(&mut ingestor, pool, READ, all).await;
    check(pool, &lines, "after the kills").await;
    let letters = "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'date_range'";
    assert_eq!(number(pool, letters).await, 2, "each message was applied once");
    drop(ingestor);
    stack.remove_topics().await;
    database.close().await.unwrap();
    scenario.teardown();
}

#[tokio::test]
async fn trap_10_two_consumers_of_a_partition_write_once() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let log = Log::of(&capture("a"));
    let lines = log.partition(ADOPTIONS, 0);
    let (mut first, mut second) = (Consumer::default(), Consumer::default());
    first.consume(pool, ADOPTIONS, &lines[..10]).await.unwrap();
    let refused = second.consume(pool, ADOPTIONS, &lines[..4]).await;
    assert!(matches!(refused, Err(IngestError::PartitionTaken { .. })));
    assert_eq!(second.position(ADOPTIONS, 0), 0);
    let (mut one, mut two) = (first.clone(), first);
    let both = tokio::join!(
        one.consume(pool, ADOPTIONS, &lines[10..]),
        two.consume(pool, ADOPTIONS, &lines[10..20]),
    );
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
    assert_eq!(number(pool, "SELECT count(*) FROM processed_events").await, 2);
    let queued = "SELECT count(*) - count(DISTINCT original_adoption_id) FROM sequencer_queue";
    assert_eq!(number(pool, queued).await, 0);
    database.close().await.unwrap();
}

/// Two consumer groups on one database: each is given every partition.
#[tokio::test(flavor = "multi_thread")]
async fn trap_10_two_ingestors_that_each_own_everything_write_once() {
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let mut ingestors = [stack.start(pool), stack.start_in(&format!("{}-other", stack.prefix), pool)];
    let mut taken = 0;
    let mut all = 0;
    let limit = std::time::Instant::now() + LIMIT;
    for part in lines.chunks(40) {
        all += stack.produce_all(part).await;
        while number(pool, READ).await < all {
            for ingestor in &mut ingestors {
                match ingestor.run_once().await {
                    Ok(_) => {}
                    Err(IngestError::PartitionTaken { .. }) => taken += 1,
                    Err(error) => panic!("{error}"),
                }
            }
            assert!(std::time::Instant::now() < limit, "{} of {all} read", number(pool, READ).await);
        }
    }
    assert!(taken > 0, "they never met");
    check(pool, &lines, "read by two").await;
    let letters = "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'date_range'";
    assert_eq!(number(pool, letters).await, 2, "each message was applied once");
    drop(ingestors);
    stack.remove_topics().await;
    database.close().await.unwrap();
}

/// What no Debezium writes: each is put aside under its own code.
fn poison(line: &Line) -> Vec<(&'static str, Vec<u8>)> {
    let value = line.value.clone().unwrap();
    let deep = format!("{}1{}", r#"{"a":["#.repeat(50_000), "]}".repeat(50_000));
    let other_row =
        line.with(r#""after":{"id":""#, r#""after":{"id":"00000000-0000-0000-0000-000000000000","x":""#);
    let phone = line.with(r#""phone":"139""#, r#""phone":"13800000001""#);
    vec![
        ("empty", Vec::new()),
        ("not_utf8", vec![0xFF, 0xFE, 0x00]),
        ("bad_json", phone.value.clone().unwrap().into_bytes()[..300].to_vec()),
        ("unknown_shape", deep.into_bytes()),
        ("key_mismatch", other_row.value.unwrap().into_bytes()),
        ("unknown_op", phone.with(r#""op":"c""#, r#""op":"x""#).value.unwrap().into_bytes()),
        ("unknown_shape", b"{\"phone\":\"13800000001\"}".to_vec()),
        ("bad_json", vec![b'['; value.len()]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_22_poison_is_put_aside_and_a_database_outage_is_waited_out() {
    const LETTERS: &str = "SELECT count(*) FROM cdc_dead_letters";
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let proxy = Proxy::before(&database.url()).await;
    let through = persistence::connect(&proxy.url, 4, "trap-22").unwrap();
    let mut ingestor = stack.start(&through);

    let lines = capture("a");
    let mut all = stack.produce_all(&lines[..60]).await;
    let expected = poison(&lines[97 - 1]);
    for (_, value) in &expected {
        stack.produce_bytes(&lines[97 - 1], Some(value)).await;
        all += 1;
    }
    all += stack.produce_all(&lines[60..90]).await;
    step_until(&mut ingestor, pool, READ, all).await;
    let mut codes: Vec<String> =
        sqlx::query_scalar("SELECT error_code FROM cdc_dead_letters").fetch_all(pool).await.unwrap();
    codes.sort_unstable();
    let mut expected: Vec<&str> = expected.iter().map(|(code, _)| *code).collect();
    expected.sort_unstable();
    assert_eq!(codes, expected);
    let phones = "SELECT count(*) FROM cdc_dead_letters WHERE value LIKE '%13800000001%'";
    assert_eq!(number(pool, phones).await, 0, "phone numbers are redacted");
    check(pool, &lines[..90], "beside the poison").await;

    let before = number(pool, LETTERS).await;
    all += stack.produce_all(&lines[90..200]).await;
    proxy.cut();
    for _ in 0..3 {
        let error = ingestor.run_once().await.expect_err("PostgreSQL is away");
        assert_eq!((error.disposition(), error.waits_for()), (Disposition::Retry, "PostgreSQL"), "{error}");
        assert_eq!(number(pool, LETTERS).await, before, "an outage is no poison");
    }
    proxy.mend();
    let mut failures = 0;
    let started = std::time::Instant::now();
    while number(pool, READ).await < all {
        // connections of the pool that were cut fail once each
        failures += u32::from(ingestor.run_once().await.is_err());
        assert!(failures < 20 && started.elapsed() < LIMIT, "{failures} failures");
    }
    check(pool, &lines[..200], "after the outage").await;
    assert_eq!(number(pool, LETTERS).await, before);
    drop(ingestor);
    tokio::time::timeout(Duration::from_secs(5), through.close()).await.unwrap();
    stack.remove_topics().await;
    database.close().await.unwrap();
}

#[tokio::test]
async fn trap_22_a_poisoned_message_is_redacted_and_the_stream_goes_on() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let bad =
        lines[92 - 1].with(r#""phone":"t3""#, r#""phone":"13800000001""#).with(r#""op":"c""#, r#""op":"x""#);
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
    assert_eq!(number(pool, phones).await, 0);
    assert_eq!(
        number(pool, "SELECT count(*) FROM cdc_dead_letters WHERE length(value_sha256) = 64").await,
        2
    );
    assert_eq!(number(pool, "SELECT count(*) FROM synced_users").await, 1, "the stream goes on");
    assert_eq!(log.partition(USERS, 0).len(), 3);
    assert_eq!(number(pool, "SELECT next_offset FROM cdc_offsets").await, 3);
    database.close().await.unwrap();
}
