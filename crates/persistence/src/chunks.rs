//! Chunks of the journal that the workers claim.
//!
//! A claim is a row lock of the worker's transaction: when the worker dies the chunk is free again. The watermark is
//! the first chunk not carried out, less one. One round trip a function.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::Result;

/// Consecutive entries that are carried out in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Its first number.
    pub first_seq: i64,
    /// Its last number.
    pub last_seq: i64,
}

/// Cuts the entries `first` to `last` into chunks of `size`.
pub async fn append(connection: &mut PgConnection, first: i64, last: i64, size: i64) -> Result<()> {
    sqlx::query!(
        "INSERT INTO distribution_chunks (first_seq, last_seq)
         SELECT first, least(first + $3::bigint - 1, $2) FROM generate_series($1::bigint, $2::bigint, $3::bigint) AS first",
        first,
        last,
        size
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Claims the first chunk that nobody has, until the transaction ends.
pub async fn claim(connection: &mut PgConnection) -> Result<Option<Chunk>> {
    Ok(sqlx::query_as!(
        Chunk,
        "SELECT first_seq, last_seq FROM distribution_chunks WHERE distributed_at IS NULL
         ORDER BY first_seq LIMIT 1 FOR UPDATE SKIP LOCKED"
    )
    .fetch_optional(connection)
    .await?)
}

/// Marks a claimed chunk as carried out.
pub async fn mark_distributed(
    connection: &mut PgConnection,
    chunk: Chunk,
    booked_day: NaiveDate,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE distribution_chunks SET booked_day = $2, distributed_at = $3 WHERE first_seq = $1",
        chunk.first_seq,
        booked_day,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The number through which every entry has been carried out.
pub async fn watermark(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT coalesce((SELECT min(first_seq) - 1 FROM distribution_chunks WHERE distributed_at IS NULL),
               (SELECT last_seq FROM sequencer_state)) AS "watermark!""#
    )
    .fetch_one(connection)
    .await?)
}
