//! What is thrown away after a while, and the planner's statistics of tables that the server does not look after.
//!
//! Each function but [`analyze_ledger`] is one bounded statement: call it until it deletes fewer than [`BATCH`]. Nothing
//! that a figure depends on is ever deleted: no entry, no line, no snapshot.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Result;

/// Rows of one statement at most.
pub const BATCH: u64 = 10_000;

/// Deletes notes of batches that were read before `before`.
pub async fn delete_processed_events(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM processed_events WHERE ctid = ANY(ARRAY(
             SELECT ctid FROM processed_events WHERE processed_at < $1 LIMIT 10000))",
        before
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes dead letters that were resolved before `before`; open ones stay for ever.
pub async fn delete_resolved_dead_letters(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM cdc_dead_letters WHERE ctid = ANY(ARRAY(
             SELECT ctid FROM cdc_dead_letters WHERE resolved_at < $1 LIMIT 10000))",
        before
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Deletes runs of jobs that began before `before` and have ended, but never the last run of a job.
pub async fn delete_job_runs(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let deleted = sqlx::query!(
        "DELETE FROM job_runs WHERE ctid = ANY(ARRAY(
             SELECT ctid FROM job_runs r WHERE started_at < $1 AND finished_at IS NOT NULL
                 AND EXISTS (SELECT FROM job_runs later WHERE later.job = r.job AND later.id > r.id) LIMIT 10000))",
        before
    )
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected())
}

/// Counts the three ledger tables for the planner, where that was not done for a day: of a partitioned table the server
/// counts the partitions by itself, but never the whole. Says whether it did.
pub async fn analyze_ledger(connection: &mut PgConnection) -> Result<bool> {
    let is_due = sqlx::query_scalar!(
        r#"SELECT coalesce(min(coalesce(last_analyze, '-infinity')) < now() - interval '1 day', FALSE) AS "due!"
           FROM pg_stat_user_tables
           WHERE relname IN ('contribution_records', 'system_contribution_records', 'unallocated_contributions')"#
    )
    .fetch_one(&mut *connection)
    .await?;
    if is_due {
        sqlx::query!("ANALYZE contribution_records, system_contribution_records, unallocated_contributions")
            .execute(connection)
            .await?;
    }
    Ok(is_due)
}
