//! A source's watermark waits for what was committed before the beat, and the first streamed row ends the snapshots.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use cdc_ingestor::batch::{Batch, BatchFormat, Message};
use cdc_ingestor::beats::{Marks, apply_beats};
use cdc_ingestor::decode::BeatRow;
use chrono::{DateTime, Utc};
use common::{ADOPTIONS, Consumer, Log, USERS, capture, format, topic};
use persistence::bootstrap::{self, EndedBy};
use persistence::cdc_offsets;
use persistence::cdc_watermarks::WatermarkBy;
use testkit::database::TestDatabase;

/// A captured row read as a beat: its `created_at` is the beat's time.
fn beats(number: usize) -> Batch<BeatRow> {
    let line = &capture("a")[number - 1];
    let mut format: BatchFormat = format();
    format.format.columns.insert("beat_at".to_owned(), "created_at".to_owned());
    let mut batch = Batch::default();
    let message = Message {
        partition: 0,
        offset: 0,
        key: line.key.as_deref().map(str::as_bytes),
        value: line.value.as_deref().map(str::as_bytes),
    };
    batch.push("beats", message, 0, &format, || None);
    batch
}

#[tokio::test]
async fn a_beat_counts_once_everything_before_it_has_been_read() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    cdc_offsets::begin(&mut pool.acquire().await.unwrap(), "beats", 0, 0).await.unwrap();
    let beat = apply_beats(pool, &topic("beats"), &beats(92)).await.unwrap().unwrap();
    assert_eq!(beat, "2026-11-22T13:17:59.816993Z".parse::<DateTime<Utc>>().unwrap());

    let log = Log::of(&capture("a"));
    let ends: Vec<_> = [(USERS, 0), (ADOPTIONS, 1)]
        .map(|(name, partition)| {
            (name.to_owned(), partition, i64::try_from(log.partition(name, partition).len()).unwrap())
        })
        .into();
    let mut marks = Marks::new(Duration::from_secs(5));
    marks.add("upstream", beat, WatermarkBy::Heartbeat, ends);
    let watermark = async || {
        let query =
            "SELECT watermark FROM cdc_watermarks WHERE source = 'upstream' AND watermark_by = 'heartbeat'";
        sqlx::query_scalar::<_, DateTime<Utc>>(query).fetch_optional(pool).await.unwrap()
    };
    let mut consumer = Consumer::default();
    consumer.consume(pool, USERS, log.partition(USERS, 0)).await.unwrap();
    marks.settle(pool).await.unwrap();
    assert_eq!(watermark().await, None, "one partition is still to be read");
    consumer.consume(pool, ADOPTIONS, log.partition(ADOPTIONS, 1)).await.unwrap();
    marks.settle(pool).await.unwrap();
    assert_eq!(watermark().await, Some(beat - Duration::from_secs(5)));
    assert!(marks.is_empty());
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_streamed_row_ends_the_snapshots_of_its_source_and_all_partitions_must_follow() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let mut connection = pool.acquire().await.unwrap();
    let topics = [(USERS, "upstream"), (ADOPTIONS, "upstream"), ("other", "elsewhere")];
    bootstrap::expect(&mut connection, &topics).await.unwrap();
    cdc_offsets::begin(&mut connection, "beats", 0, 0).await.unwrap();
    // line 1 is a snapshot's row, line 92 is streamed
    apply_beats(pool, &topic("beats"), &beats(92)).await.unwrap();
    let states = bootstrap::states(&mut connection).await.unwrap();
    let ending: Vec<&str> =
        states.iter().filter(|topic| topic.state == "ending").map(|topic| topic.topic.as_str()).collect();
    assert_eq!(ending, [USERS, ADOPTIONS]);

    // the adoptions are empty and have no topic, the users two partitions
    bootstrap::set_end_offsets(&mut connection, ADOPTIONS, &[]).await.unwrap();
    bootstrap::set_end_offsets(&mut connection, USERS, &[10, 3]).await.unwrap();
    assert_eq!(bootstrap::complete_those_read(&mut connection).await.unwrap(), [ADOPTIONS]);
    cdc_offsets::begin(&mut connection, USERS, 0, 10).await.unwrap();
    assert!(bootstrap::complete_those_read(&mut connection).await.unwrap().is_empty());
    cdc_offsets::begin(&mut connection, USERS, 1, 3).await.unwrap();
    assert_eq!(bootstrap::complete_those_read(&mut connection).await.unwrap(), [USERS]);
    assert!(!bootstrap::is_complete(&mut connection).await.unwrap());
    bootstrap::end_topic(&mut connection, "other", EndedBy::Operator).await.unwrap();
    bootstrap::set_end_offsets(&mut connection, "other", &[]).await.unwrap();
    bootstrap::complete_those_read(&mut connection).await.unwrap();
    assert!(bootstrap::is_complete(&mut connection).await.unwrap());
    drop(connection);
    database.close().await.unwrap();
}
