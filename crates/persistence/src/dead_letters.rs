//! Messages that could not be understood, and rows that could not have their account.
//!
//! [`insert`] and [`supersede`] are part of the transaction that moves the offset, so a message is
//! either in a table or here, never in neither. No lock but on the letters; one round trip a function. Phone numbers
//! are redacted before they come here.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::synced::SourcePosition;

/// Code of a row that lost its `account_sequence` to a later one; it waits for its own change.
pub const UNIQUE_TAKEN: &str = "unique_taken";
/// Code of a change that is older than the stored row by its lsn and newer by its time: another server's log.
pub const LSN_FELL: &str = "lsn_fell";

/// A message to put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// The key, if it is text; redacted.
    pub key: Option<String>,
    /// The value, whole or its head; redacted.
    pub value: Option<String>,
    /// The value as it was read: only its SHA-256 is stored.
    pub raw_value: Option<Vec<u8>>,
    /// Its headers as a JSON object.
    pub headers: Option<String>,
    /// Stable code.
    pub error_code: String,
    /// What is wrong, without values.
    pub error: String,
    /// Upstream primary key, where it is known.
    pub original_id: Option<Uuid>,
}

/// A dead letter as it is stored.
#[derive(Debug, Clone)]
pub struct StoredLetter {
    /// Its number.
    pub id: i64,
    /// Topic that it was read from.
    pub topic: String,
    /// Partition of the topic.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// The key; redacted.
    pub key: Option<String>,
    /// The value, whole or its head; redacted.
    pub value: Option<String>,
    /// SHA-256 of the value as it was read, in hex.
    pub value_sha256: Option<String>,
    /// Its headers as a JSON object.
    pub headers: Option<String>,
    /// Stable code.
    pub error_code: String,
    /// What is wrong, without values.
    pub error: String,
    /// The source table.
    pub source_table: Option<String>,
    /// Upstream primary key, where it is known.
    pub original_id: Option<Uuid>,
    /// When it was put aside.
    pub created_at: DateTime<Utc>,
    /// When it was dealt with; None: open.
    pub resolved_at: Option<DateTime<Utc>>,
    /// How: `superseded`, `replayed`, …
    pub resolution: Option<String>,
}

/// Puts `letters` of `topic` aside; `table` is the source table as it is shown.
pub async fn insert(
    connection: &mut PgConnection,
    topic: &str,
    table: &str,
    letters: &[DeadLetter],
) -> Result<()> {
    for letter in letters {
        sqlx::query!(
            r#"INSERT INTO cdc_dead_letters (topic, partition, "offset", key, value, value_sha256, headers, error_code,
                                             error, source_table, original_id)
               VALUES ($1, $2, $3, $4, $5, encode(sha256($6::bytea), 'hex'), $7, $8, $9, $10, $11)"#,
            topic,
            letter.partition,
            letter.offset,
            letter.key,
            letter.value,
            letter.raw_value,
            letter.headers,
            letter.error_code,
            letter.error,
            table,
            letter.original_id,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Closes the open letters of the upstream rows `heard_of` in `topic` that were read before the position beside each: the
/// message there told the row's whole state.
pub async fn supersede(
    connection: &mut PgConnection,
    topic: &str,
    heard_of: &[(Uuid, SourcePosition)],
) -> Result<u64> {
    let ids: Vec<Uuid> = heard_of.iter().map(|(id, _)| *id).collect();
    let partitions: Vec<i32> = heard_of.iter().map(|(_, position)| position.partition).collect();
    let offsets: Vec<i64> = heard_of.iter().map(|(_, position)| position.offset).collect();
    // a row's messages change partition only with their number, and the earlier one is not written to any more
    let done = sqlx::query!(
        r#"UPDATE cdc_dead_letters l SET resolved_at = now(), resolution = 'superseded'
           FROM UNNEST($2::uuid[], $3::int[], $4::bigint[]) AS h(id, partition, "offset")
           WHERE l.original_id = h.id AND l.topic = $1 AND l.resolved_at IS NULL
             AND (l.partition <> h.partition OR l."offset" < h."offset")"#,
        topic,
        &ids,
        &partitions,
        &offsets,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// The open letters, newest first, after `before` (exclusive, for the next page).
pub async fn open(
    connection: &mut PgConnection,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<StoredLetter>> {
    let rows = sqlx::query_as!(
        StoredLetter,
        r#"SELECT id, topic, partition, "offset", key, value, value_sha256, headers, error_code, error, source_table,
                  original_id, created_at, resolved_at, resolution
           FROM cdc_dead_letters
           WHERE resolved_at IS NULL AND id < coalesce($1, 9223372036854775807)
           ORDER BY id DESC LIMIT $2"#,
        before,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// One letter.
pub async fn get(connection: &mut PgConnection, id: i64) -> Result<Option<StoredLetter>> {
    let row = sqlx::query_as!(
        StoredLetter,
        r#"SELECT id, topic, partition, "offset", key, value, value_sha256, headers, error_code, error, source_table,
                  original_id, created_at, resolved_at, resolution
           FROM cdc_dead_letters WHERE id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(row)
}

/// Whether what is kept of a letter's value is the value as it was read: neither cut nor redacted.
pub async fn is_whole(connection: &mut PgConnection, id: i64) -> Result<bool> {
    let whole = sqlx::query_scalar!(
        r#"SELECT value_sha256 IS NOT DISTINCT FROM encode(sha256(convert_to(value, 'UTF8')), 'hex') AS "whole!"
           FROM cdc_dead_letters WHERE id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(whole.unwrap_or(false))
}

/// Closes a letter, for `contribctl dead-letters replay`; false: it was closed before.
pub async fn resolve(connection: &mut PgConnection, id: i64, resolution: &str) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE cdc_dead_letters SET resolved_at = now(), resolution = $2 WHERE id = $1 AND resolved_at IS NULL",
        id,
        resolution
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
