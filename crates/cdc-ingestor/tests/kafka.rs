//! The whole worker against a real Kafka: captured messages are produced to topics of the test's own.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::expected::check;
use common::stack::{LIMIT, Process, READ, Stack, number, step, step_until, wait_until};
use common::{Line, capture};
use runtime::Worker as _;
use testkit::database::TestDatabase;

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

/// After the six seconds of its session a dead one is missed; the others learn of it with their next heartbeat, and take
/// over. The default would be 45 seconds.
const NOTICED: Duration = Duration::from_secs(12);

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
