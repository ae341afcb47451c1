//! How far each topic has been read. The truth about a consumer's position is here, not in Kafka.
//!
//! [`advance`] moves positions by compare-and-set in the transaction of the rows, so that a consumer that was paused
//! while another took its partitions writes nothing. Part of the caller's transaction; partitions are locked in order,
//! after the referral tree and before any row. One round trip a function.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Result;

/// How far a batch reads one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// Partition of the topic.
    pub partition: i32,
    /// Where the consumer stood before the batch.
    pub from: i64,
    /// One past the last message of the batch.
    pub to: i64,
}

/// The next offset of `partition`; None: never read.
pub async fn position(connection: &mut PgConnection, topic: &str, partition: i32) -> Result<Option<i64>> {
    let next = sqlx::query_scalar!(
        "SELECT next_offset FROM cdc_offsets WHERE topic = $1 AND partition = $2",
        topic,
        partition
    )
    .fetch_optional(connection)
    .await?;
    Ok(next)
}

/// The next offset of every partition of `topics` that was ever read.
pub async fn positions(connection: &mut PgConnection, topics: &[String]) -> Result<Vec<(String, i32, i64)>> {
    let rows = sqlx::query!(
        "SELECT topic, partition, next_offset FROM cdc_offsets WHERE topic = ANY($1) ORDER BY topic, partition",
        topics
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.topic, row.partition, row.next_offset)).collect())
}

/// Notes that `partition` is read from `offset` on; changes nothing where it was read before.
pub async fn begin(connection: &mut PgConnection, topic: &str, partition: i32, offset: i64) -> Result<()> {
    sqlx::query!(
        "INSERT INTO cdc_offsets (topic, partition, next_offset) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        topic,
        partition,
        offset
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How far a partition is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// The topic.
    pub topic: String,
    /// Partition of the topic.
    pub partition: i32,
    /// Messages still to be read.
    pub messages: i64,
    /// Seconds; None: something is behind, and nothing was read yet that tells the source's time.
    pub seconds: Option<i64>,
}

/// Notes where partitions ended at `now` (topic, partition, the offset after the last message; in that order), and gives how
/// far behind each is that was ever read. No lock that a batch holds.
pub async fn note_ends(
    connection: &mut PgConnection,
    ends: &[(String, i32, i64)],
    now: DateTime<Utc>,
) -> Result<Vec<Lag>> {
    let topics: Vec<&str> = ends.iter().map(|(topic, ..)| topic.as_str()).collect();
    let partitions: Vec<i32> = ends.iter().map(|(_, partition, _)| *partition).collect();
    let offsets: Vec<i64> = ends.iter().map(|(.., end)| *end).collect();
    let rows = sqlx::query!(
        r#"WITH ends AS (
               INSERT INTO cdc_end_offsets (topic, partition, end_offset, seen_at)
               SELECT *, $4 FROM UNNEST($1::text[], $2::int[], $3::bigint[])
               ON CONFLICT (topic, partition) DO UPDATE SET end_offset = EXCLUDED.end_offset, seen_at = EXCLUDED.seen_at
               RETURNING topic, partition, end_offset)
           SELECT topic, partition, e.end_offset, o.next_offset, o.source_ts
           FROM ends e JOIN cdc_offsets o USING (topic, partition)"#,
        &topics as &[&str],
        &partitions,
        &offsets,
        now,
    )
    .fetch_all(connection)
    .await?;
    let lags = rows.into_iter().map(|row| {
        let messages = behind(row.next_offset, row.end_offset);
        Lag {
            topic: row.topic,
            partition: row.partition,
            messages,
            seconds: seconds_behind(messages, row.source_ts, now),
        }
    });
    Ok(lags.collect())
}

/// Messages still to be read. An end seen before the last batch may lie below the position.
pub(crate) fn behind(next: i64, end: i64) -> i64 {
    (end - next).max(0)
}

/// Seconds since the source time that is read, 0 where no message is behind.
pub(crate) fn seconds_behind(messages: i64, read: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<i64> {
    if messages == 0 { Some(0) } else { read.map(|read| (now - read).num_seconds().max(0)) }
}

/// The latest source time read of each partition.
pub type ReadUntil = HashMap<i32, DateTime<Utc>>;

/// Moves the positions of `topic`; gives how far in the source's time the partitions had been read before. None: at least
/// one was not where this consumer thinks, so another one reads the partition and the transaction must be rolled back.
pub async fn advance(
    connection: &mut PgConnection,
    topic: &str,
    advances: &[Advance],
) -> Result<Option<ReadUntil>> {
    let partitions: Vec<i32> = advances.iter().map(|advance| advance.partition).collect();
    let from: Vec<i64> = advances.iter().map(|advance| advance.from).collect();
    let to: Vec<i64> = advances.iter().map(|advance| advance.to).collect();
    let moved = sqlx::query!(
        r#"WITH mine AS (
               SELECT o.partition FROM cdc_offsets o
               JOIN UNNEST($2::int[], $3::bigint[]) AS a(partition, "from") ON a.partition = o.partition
               WHERE o.topic = $1 AND o.next_offset = a."from"
               ORDER BY o.partition
               FOR UPDATE OF o)
           UPDATE cdc_offsets o SET next_offset = a."to", updated_at = now()
           FROM mine JOIN UNNEST($2::int[], $3::bigint[], $4::bigint[]) AS a(partition, "from", "to")
                USING (partition)
           WHERE o.topic = $1 AND o.partition = mine.partition AND o.next_offset = a."from"
           RETURNING o.partition, o.source_ts"#,
        topic,
        &partitions,
        &from,
        &to,
    )
    .fetch_all(connection)
    .await?;
    if moved.len() < advances.len() {
        return Ok(None);
    }
    let read_until = moved.into_iter().filter_map(|row| Some((row.partition, row.source_ts?)));
    Ok(Some(read_until.collect()))
}

/// Records a batch of `topic`: an event of each partition that it moved, how far it read them in the source's time, and the
/// topic's summary. `greatest_lsn` is the greatest lsn in it, None if no message had one.
pub async fn record(
    connection: &mut PgConnection,
    topic: &str,
    source: &str,
    advances: &[Advance],
    read_until: &ReadUntil,
    greatest_lsn: Option<i64>,
) -> Result<()> {
    let events: Vec<String> =
        advances.iter().map(|advance| format!("{topic}/{}/{}", advance.partition, advance.to - 1)).collect();
    let (partitions, times): (Vec<i32>, Vec<DateTime<Utc>>) = read_until.iter().unzip();
    sqlx::query!(
        "WITH events AS (
             INSERT INTO processed_events (event_id, event_type, source_service)
             SELECT unnest($1::text[]), 'cdc-batch', left($2, 50) ON CONFLICT (event_id) DO NOTHING),
         times AS (
             UPDATE cdc_offsets o SET source_ts = greatest(o.source_ts, t.source_ts)
             FROM UNNEST($5::int[], $6::timestamptz[]) AS t(partition, source_ts)
             WHERE o.topic = $3 AND o.partition = t.partition)
         INSERT INTO cdc_sync_progress AS p (source_topic, last_sequence_num, last_synced_at)
         VALUES ($3, coalesce($4::bigint, 0), now())
         ON CONFLICT (source_topic) DO UPDATE SET
             last_sequence_num = greatest(p.last_sequence_num, EXCLUDED.last_sequence_num),
             last_synced_at = EXCLUDED.last_synced_at, updated_at = now()",
        &events,
        source,
        topic,
        greatest_lsn,
        &partitions,
        &times,
    )
    .execute(connection)
    .await?;
    Ok(())
}
