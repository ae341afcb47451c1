//! The whole worker against a real Kafka: captured messages are produced to topics of the test's own.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use chrono::Utc;
use common::expected::check;
use common::stack::{LIMIT, Process, READ, Stack, number, step, step_until, wait_until};
use common::{Line, capture};
use persistence::PgPool;
use persistence::views::sync_status;
use runtime::Worker as _;
use testkit::database::TestDatabase;
use testkit::wait::until;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const COMPLETE: &str = "SELECT count(*) FROM cdc_bootstrap WHERE state = 'complete'";

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_come_late_are_read_and_a_restart_reads_on() {
    let stack = Stack::new();
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let mut ingestor = stack.start(pool);
    // nothing is there yet: it waits
    ingestor.run_once().await.unwrap();
    stack.create_topics().await;

    stack.produce_all(&lines[..90]).await;
    step_until(&mut ingestor, pool, READ, 90).await;
    step_until(&mut ingestor, pool, COMPLETE, 3).await;
    let marked = "SELECT count(*) FROM cdc_bootstrap WHERE ended_by = 'marker'";
    assert_eq!(number(pool, marked).await, 3);
    drop(ingestor);

    let all = 90 + stack.produce_all(&lines[90..]).await;
    let mut ingestor = stack.start(pool);
    step_until(&mut ingestor, pool, READ, all).await;
    let letters = "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'date_range' AND headers IS NULL";
    assert_eq!(number(pool, letters).await, 2);
    let live = "SELECT count(*) FROM synced_adoptions WHERE source_deleted_at IS NULL";
    // 100 loaded or created live on in the end; two dates were refused
    assert_eq!(number(pool, live).await, 30 + 69 - 3);
    step_until(&mut ingestor, pool, "SELECT count(*) FROM cdc_watermarks WHERE watermark_by = 'rows'", 1)
        .await;
    drop(ingestor);
    stack.remove_topics().await;
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ingestors_share_the_partitions_and_one_takes_over() {
    let stack = Stack::new();
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("d");
    stack.create_topics().await;
    let tables: Vec<&Line> =
        lines.iter().filter(|line| common::TABLES.contains(&line.topic.as_str())).collect();
    let (mut one, mut two) = (stack.start(pool), stack.start(pool));
    stack.produce_all(tables[..100].iter().copied()).await;
    let started = Instant::now();
    while number(pool, READ).await < 100 {
        for ingestor in [&mut one, &mut two] {
            step(ingestor).await;
        }
        assert!(started.elapsed() < LIMIT, "{} read", number(pool, READ).await);
    }
    drop(one);
    stack.produce_all(tables[100..].iter().copied()).await;
    step_until(&mut two, pool, READ, i64::try_from(tables.len()).unwrap()).await;
    let twice = "SELECT count(*) - count(DISTINCT original_adoption_id) FROM synced_adoptions";
    assert_eq!(number(pool, twice).await, 0);
    // no marker in flattened messages: the first streamed row ends the snapshots
    step_until(&mut two, pool, COMPLETE, 3).await;
    assert_eq!(number(pool, "SELECT count(*) FROM cdc_bootstrap WHERE ended_by = 'streamed row'").await, 3);
    drop(two);
    stack.remove_topics().await;
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lag_is_told_while_nothing_can_be_written() {
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let first = stack.produce_all(&lines[..90]).await;
    let mut ingestor = stack.start(pool);
    step_until(&mut ingestor, pool, READ, first).await;
    lags_until(pool, |lags| lags.len() == 9 && lags.iter().all(|lag| *lag == (Some(0), Some(0)))).await;

    let mut holder = pool.begin().await.unwrap();
    let lock = "LOCK TABLE synced_users, synced_adoptions, synced_referrals IN ACCESS EXCLUSIVE MODE";
    sqlx::query(lock).execute(&mut *holder).await.unwrap();
    let behind = stack.produce_all(&lines[90..]).await;
    let stepping = tokio::spawn(async move {
        step(&mut ingestor).await;
        ingestor
    });
    lags_until(pool, |lags| {
        // the captured rows are some time old
        let is_told = |lag: &&(Option<i64>, Option<i64>)| lag.0 > Some(0) && lag.1 > Some(60);
        let told: i64 = lags.iter().filter(is_told).filter_map(|lag| lag.0).sum();
        told == behind
    })
    .await;

    holder.rollback().await.unwrap();
    let mut ingestor = stepping.await.unwrap();
    step_until(&mut ingestor, pool, READ, first + behind).await;
    lags_until(pool, |lags| lags.iter().all(|lag| *lag == (Some(0), Some(0)))).await;
    drop(ingestor);
    stack.remove_topics().await;
    database.close().await.unwrap();
}

/// Waits until the lags of all partitions, in messages and seconds, are as `expected` says.
async fn lags_until(pool: &PgPool, expected: impl Fn(&[(Option<i64>, Option<i64>)]) -> bool) {
    until("the lags", LIMIT, async || {
        let topics = sync_status::topics(&mut *pool.acquire().await?, Utc::now()).await?;
        let partitions = topics.iter().flat_map(|topic| &topic.partitions);
        let lags: Vec<_> = partitions.map(|partition| (partition.lag, partition.lag_seconds)).collect();
        Ok(expected(&lags).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn open_dead_letters_are_counted_and_their_age_is_told() {
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let mut environment = stack.environment(&database.url());
    environment.insert("CONTRIB__HEALTH__PORT".to_owned(), port.to_string());
    let process = Process::start(&environment);
    stack.produce_all(&capture("a")).await;
    let open = r#"contrib_ingest_dead_letters_open{code="date_range"}"#;
    let age = "contrib_ingest_dead_letters_oldest_seconds";
    metric_until(port, open, |count| count == 2).await;
    metric_until(port, age, |seconds| seconds > 0).await;

    sqlx::query("UPDATE cdc_dead_letters SET resolved_at = now()").execute(database.pool()).await.unwrap();
    metric_until(port, open, |count| count == 0).await;
    metric_until(port, age, |seconds| seconds == 0).await;
    let (status, _) = process.terminate().await;
    assert!(status.success(), "{status}");
    stack.remove_topics().await;
    database.close().await.unwrap();
}

/// Waits until the metric `name` of the worker at `port` is as `expected` says.
async fn metric_until(port: u16, name: &str, expected: impl Fn(u64) -> bool) {
    until(name, LIMIT, async || {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else { return Ok(None) };
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let value = answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        Ok(value.is_some_and(&expected).then_some(()))
    })
    .await
    .unwrap();
}

/// After the six seconds of its session a dead one is missed; the others learn of it with their next heartbeat, and take
/// over. The default would be 45 seconds.
const NOTICED: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn ingestors_come_and_go_and_nothing_is_lost_or_done_twice() {
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let environment = stack.environment(&database.url());
    let start = || Process::start(&environment);
    let lines = capture("a");
    let mut parts = lines.chunks(lines.len().div_ceil(5));
    let mut all = 0;
    let mut produce = async || {
        all += stack.produce_all(parts.next().unwrap()).await;
        all
    };

    let first = start();
    wait_until(pool, READ, produce().await).await;
    let (mut second, third) = (start(), start());
    wait_until(pool, READ, produce().await).await;

    first.kill();
    let killed = Instant::now();
    wait_until(pool, READ, produce().await).await;
    assert!(killed.elapsed() < NOTICED, "a dead one was noticed after {:?}", killed.elapsed());

    // one that stands still is taken for dead; when it wakes up it is one of the group again, and wrote nothing meanwhile
    second.signal("STOP");
    wait_until(pool, READ, produce().await).await;
    second.signal("CONT");
    let (status, _) = third.terminate().await;
    assert!(status.success(), "{status}");
    wait_until(pool, READ, produce().await).await;
    assert_eq!(number(pool, READ).await, all);

    check(pool, &lines, "by all of them").await;
    let letters = "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'date_range'";
    assert_eq!(number(pool, letters).await, 2, "each message was applied once");
    let (status, _) = second.terminate().await;
    assert!(status.success(), "{status}");
    stack.remove_topics().await;
    database.close().await.unwrap();
}
