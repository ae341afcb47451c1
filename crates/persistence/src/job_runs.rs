//! The runs of the scheduler's jobs: a row each, which the API shows. One round trip a function.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::Result;

/// Notes that `job` began, for `day` where it works on one; gives the run's id.
pub async fn begin(
    connection: &mut PgConnection,
    job: &str,
    day: Option<NaiveDate>,
    at: DateTime<Utc>,
) -> Result<i64> {
    let id = sqlx::query_scalar!(
        "INSERT INTO job_runs (job, day, started_at) VALUES ($1, $2, $3) RETURNING id",
        job,
        day,
        at
    );
    Ok(id.fetch_one(connection).await?)
}

/// Notes how a run ended: how many rows it wrote, or what went wrong.
pub async fn end(
    connection: &mut PgConnection,
    id: i64,
    outcome: std::result::Result<u64, &str>,
    at: DateTime<Utc>,
) -> Result<()> {
    let rows = outcome.ok().map(|rows| i64::try_from(rows).unwrap_or(i64::MAX));
    sqlx::query!(
        "UPDATE job_runs SET finished_at = $2, rows = $3, error = $4 WHERE id = $1",
        id,
        at,
        rows,
        outcome.err()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the runs of a process that is gone; the caller is the only one that runs jobs.
pub async fn end_abandoned(connection: &mut PgConnection, at: DateTime<Utc>) -> Result<u64> {
    let ended = sqlx::query!(
        "UPDATE job_runs SET finished_at = $1, error = 'did not end: its process was gone' WHERE finished_at IS NULL",
        at
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected())
}
