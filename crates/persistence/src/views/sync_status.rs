//! How far every stage has come, from the topics read to the events published.
//!
//! Counts the queue, the outbox and the open dead letters row by row, so callers keep an answer for a while. One
//! round trip a function, to be called in one snapshot.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::Result;
use crate::cdc_offsets::{behind, seconds_behind};

/// A topic that is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Topic {
    /// Its name.
    pub topic: String,
    /// The database it comes from, where it is one of those whose snapshot is awaited.
    pub source: Option<String>,
    /// How far its initial snapshot has been read: `reading`, `ending` or `complete`.
    pub bootstrap: Option<String>,
    /// What ended the snapshot.
    pub bootstrap_ended_by: Option<String>,
    /// The greatest lsn read.
    pub last_sequence_num: Option<i64>,
    /// When a batch of it was last stored.
    pub last_synced_at: Option<DateTime<Utc>>,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

/// A partition that is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Partition {
    /// Its number.
    pub partition: i32,
    /// The offset to be read next.
    pub offset: i64,
    /// Where the partition ended when Kafka last told the ingestor: the offset after the last message.
    pub end_offset: Option<i64>,
    /// When Kafka told.
    pub end_seen_at: Option<DateTime<Utc>>,
    /// Messages still to be read up to that end.
    pub lag: Option<i64>,
    /// Seconds since the source time of the last message read; 0 where no message is behind.
    pub lag_seconds: Option<i64>,
    /// Source time of the last message read.
    pub last_source_time: Option<DateTime<Utc>>,
    /// When the offset last moved.
    pub updated_at: DateTime<Utc>,
}

/// A source database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// Our name of it.
    pub source: String,
    /// Its epoch, raised by an operator.
    pub epoch: i32,
    /// Everything committed before it has been read.
    pub watermark: Option<DateTime<Utc>>,
    /// What that rests on: `heartbeat` or `rows`.
    pub watermark_by: Option<String>,
    /// When it last rose.
    pub updated_at: DateTime<Utc>,
}

/// Open dead letters with one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetters {
    /// Their code.
    pub code: String,
    /// How many.
    pub count: i64,
    /// When the oldest was put aside.
    pub oldest: DateTime<Utc>,
}

/// The sequencer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Sequencer {
    /// The last number given.
    pub last_seq: i64,
    /// Trees of the network, for the price formula.
    pub network_trees: i64,
    /// Counts the leaders there have been.
    pub leader_term: i64,
    /// Whether numbering may begin.
    pub bootstrap_open: bool,
    /// Since when.
    pub bootstrap_opened_at: Option<DateTime<Utc>>,
    /// Who opened it.
    pub bootstrap_opened_by: Option<String>,
    /// Every change read before it has been judged.
    pub judged_through: Option<DateTime<Utc>>,
    /// Changes still to be looked at.
    pub queue_length: i64,
    /// When the oldest of them was queued.
    pub queue_oldest: Option<DateTime<Utc>>,
}

/// The workers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Distribution {
    /// Every entry up to it has been carried out.
    pub watermark: i64,
    /// Entries numbered and not carried out.
    pub pending_entries: i64,
}

/// The outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Outbox {
    /// Events to be published.
    pub events: i64,
    /// Since when the oldest of them waits.
    pub oldest: Option<DateTime<Utc>>,
    /// Seconds since then.
    pub oldest_age_seconds: Option<i64>,
}

/// Every topic that is expected or has been read, with its partitions; lags are counted to `now`. Two round trips.
pub async fn topics(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Topic>> {
    let mut topics: Vec<Topic> = sqlx::query!(
        r#"SELECT t.topic AS "topic!", b.source AS "source?", b.state AS "state?", b.ended_by,
               p.last_sequence_num, p.last_synced_at
           FROM (SELECT topic FROM cdc_bootstrap UNION SELECT topic FROM cdc_offsets) t
           LEFT JOIN cdc_bootstrap b USING (topic)
           LEFT JOIN cdc_sync_progress p ON p.source_topic = t.topic
           ORDER BY 1"#
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .map(|row| Topic {
        topic: row.topic,
        source: row.source,
        bootstrap: row.state,
        bootstrap_ended_by: row.ended_by,
        last_sequence_num: row.last_sequence_num,
        last_synced_at: row.last_synced_at,
        partitions: Vec::new(),
    })
    .collect();
    let partitions = sqlx::query!(
        r#"SELECT o.topic, o.partition, o.next_offset, o.source_ts, o.updated_at, e.end_offset AS "end_offset?",
               e.seen_at AS "end_seen_at?"
           FROM cdc_offsets o LEFT JOIN cdc_end_offsets e USING (topic, partition) ORDER BY o.topic, o.partition"#
    )
    .fetch_all(connection)
    .await?;
    for row in partitions {
        if let Some(topic) = topics.iter_mut().find(|topic| topic.topic == row.topic) {
            let lag = row.end_offset.map(|end| behind(row.next_offset, end));
            topic.partitions.push(Partition {
                partition: row.partition,
                offset: row.next_offset,
                end_offset: row.end_offset,
                end_seen_at: row.end_seen_at,
                lag,
                lag_seconds: lag.and_then(|lag| seconds_behind(lag, row.source_ts, now)),
                last_source_time: row.source_ts,
                updated_at: row.updated_at,
            });
        }
    }
    Ok(topics)
}

/// Every source database with a watermark or an epoch.
pub async fn sources(connection: &mut PgConnection) -> Result<Vec<Source>> {
    Ok(sqlx::query_as!(
        Source,
        "SELECT source, source_epoch AS epoch, watermark, watermark_by, updated_at FROM cdc_watermarks ORDER BY source"
    )
    .fetch_all(connection)
    .await?)
}

/// Open dead letters by code.
pub async fn dead_letters(connection: &mut PgConnection) -> Result<Vec<DeadLetters>> {
    Ok(sqlx::query_as!(
        DeadLetters,
        r#"SELECT error_code AS code, count(*) AS "count!", min(created_at) AS "oldest!"
           FROM cdc_dead_letters WHERE resolved_at IS NULL GROUP BY error_code ORDER BY error_code"#
    )
    .fetch_all(connection)
    .await?)
}

/// The sequencer and its queue.
pub async fn sequencer(connection: &mut PgConnection) -> Result<Sequencer> {
    Ok(sqlx::query_as!(
        Sequencer,
        r#"SELECT s.last_seq, s.network_trees, s.leader_term, s.bootstrap_open, s.bootstrap_opened_at,
               s.bootstrap_opened_by, s.judged_through, q.length AS "queue_length!", q.oldest AS queue_oldest
           FROM sequencer_state s CROSS JOIN (SELECT count(*) AS length, min(queued_at) AS oldest FROM sequencer_queue) q"#
    )
    .fetch_one(connection)
    .await?)
}

/// What the workers have carried out.
pub async fn distribution(connection: &mut PgConnection) -> Result<Distribution> {
    Ok(sqlx::query_as!(
        Distribution,
        r#"SELECT coalesce(min(first_seq) - 1, (SELECT last_seq FROM sequencer_state)) AS "watermark!",
               coalesce(sum(last_seq - first_seq + 1), 0)::bigint AS "pending_entries!"
           FROM distribution_chunks WHERE distributed_at IS NULL"#
    )
    .fetch_one(connection)
    .await?)
}

/// What is still to be published; ages are counted to `now`.
pub async fn outbox(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Outbox> {
    let row = sqlx::query!(r#"SELECT count(*) AS "events!", min(created_at) AS oldest FROM outbox_events"#)
        .fetch_one(connection)
        .await?;
    let oldest_age_seconds = row.oldest.map(|oldest| (now - oldest).num_seconds().max(0));
    Ok(Outbox { events: row.events, oldest: row.oldest, oldest_age_seconds })
}
