//! How far each topic has been read. The truth about a consumer's position is here, not in Kafka.
//!
//! [`advance`] moves positions by compare-and-set in the transaction of the rows, so that a consumer that was paused
//! while another took its partitions writes nothing. Part of the caller's transaction; partitions are locked in order,
//! after the referral tree and before any row. One round trip a function.

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
    /// Source time of its last message that had one.
    pub source_time: Option<DateTime<Utc>>,
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

/// Moves the positions of `topic`. False: at least one was not where this consumer thinks, so another one reads the
/// partition and the transaction must be rolled back.
pub async fn advance(connection: &mut PgConnection, topic: &str, advances: &[Advance]) -> Result<bool> {
    let partitions: Vec<i32> = advances.iter().map(|advance| advance.partition).collect();
    let from: Vec<i64> = advances.iter().map(|advance| advance.from).collect();
    let to: Vec<i64> = advances.iter().map(|advance| advance.to).collect();
    let times: Vec<Option<DateTime<Utc>>> = advances.iter().map(|advance| advance.source_time).collect();
    let moved = sqlx::query!(
        r#"WITH mine AS (
               SELECT o.partition FROM cdc_offsets o
               JOIN UNNEST($2::int[], $3::bigint[]) AS a(partition, "from") ON a.partition = o.partition
               WHERE o.topic = $1 AND o.next_offset = a."from"
               ORDER BY o.partition
               FOR UPDATE OF o)
           UPDATE cdc_offsets o
           SET next_offset = a."to", source_ts = coalesce(a.source_time, o.source_ts), updated_at = now()
           FROM mine JOIN UNNEST($2::int[], $3::bigint[], $4::bigint[], $5::timestamptz[])
                AS a(partition, "from", "to", source_time) USING (partition)
           WHERE o.topic = $1 AND o.partition = mine.partition AND o.next_offset = a."from""#,
        topic,
        &partitions,
        &from,
        &to,
        &times as &[Option<DateTime<Utc>>],
    )
    .execute(connection)
    .await?;
    Ok(usize::try_from(moved.rows_affected()) == Ok(advances.len()))
}

/// Records a batch of `topic`: an event of each partition that it moved, and the topic's summary. `greatest_lsn` is the
/// greatest lsn in it, None if no message had one.
pub async fn record(
    connection: &mut PgConnection,
    topic: &str,
    source: &str,
    advances: &[Advance],
    greatest_lsn: Option<i64>,
) -> Result<()> {
    let events: Vec<String> =
        advances.iter().map(|advance| format!("{topic}/{}/{}", advance.partition, advance.to - 1)).collect();
    sqlx::query!(
        "WITH events AS (
             INSERT INTO processed_events (event_id, event_type, source_service)
             SELECT unnest($1::text[]), 'cdc-batch', left($2, 50) ON CONFLICT (event_id) DO NOTHING)
         INSERT INTO cdc_sync_progress AS p (source_topic, last_sequence_num, last_synced_at)
         VALUES ($3, coalesce($4::bigint, 0), now())
         ON CONFLICT (source_topic) DO UPDATE SET
             last_sequence_num = greatest(p.last_sequence_num, EXCLUDED.last_sequence_num),
             last_synced_at = EXCLUDED.last_synced_at, updated_at = now()",
        &events,
        source,
        topic,
        greatest_lsn,
    )
    .execute(connection)
    .await?;
    Ok(())
}
