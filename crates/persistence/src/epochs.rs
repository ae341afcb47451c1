//! What an operator raises after a log, or our own books, began again somewhere before their end.
//!
//! Each function is one statement in the caller's transaction; the raising ones lock the row that they raise.

use sqlx::PgConnection;

use crate::Result;

/// Raises the epoch of the source database `source`; gives the new one.
pub async fn raise_source(connection: &mut PgConnection, source: &str) -> Result<i32> {
    let epoch = sqlx::query_scalar!(
        "INSERT INTO cdc_watermarks AS w (source, source_epoch) VALUES ($1, 1)
         ON CONFLICT (source) DO UPDATE SET source_epoch = w.source_epoch + 1, updated_at = now()
         RETURNING source_epoch",
        source
    )
    .fetch_one(connection)
    .await?;
    Ok(epoch)
}

/// Raises the epoch of what is published; gives the new one.
pub async fn raise_published(connection: &mut PgConnection) -> Result<i32> {
    Ok(sqlx::query_scalar!("UPDATE published_ledger SET epoch = epoch + 1 RETURNING epoch")
        .fetch_one(connection)
        .await?)
}

/// The names of the first `limit` accounts behind `after`, in byte order.
pub async fn accounts_after(connection: &mut PgConnection, after: &str, limit: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT account_sequence FROM contribution_accounts WHERE account_sequence > $1
         ORDER BY account_sequence LIMIT $2",
        after,
        limit
    )
    .fetch_all(connection)
    .await?)
}
