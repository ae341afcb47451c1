//! The runs of the scheduler's jobs, newest first, and where the calendar stands.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::Page;
use crate::Result;

/// A run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct JobRun {
    /// Its number.
    pub id: i64,
    /// `roll`, `snapshot`, `team_stats` or `upkeep`.
    pub job: String,
    /// The day it was for.
    pub day: Option<NaiveDate>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; none while it is under way.
    pub finished_at: Option<DateTime<Utc>>,
    /// How many rows it wrote.
    pub rows: Option<i64>,
    /// What went wrong.
    pub error: Option<String>,
}

/// The runs before the number `before`, of one job or of all.
pub async fn page(
    connection: &mut PgConnection,
    job: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Page<JobRun>> {
    let rows = sqlx::query_as!(
        JobRun,
        "SELECT id, job, day, started_at, finished_at, rows, error FROM job_runs
         WHERE ($1::text IS NULL OR job = $1) AND id < $2 ORDER BY id DESC LIMIT $3",
        job,
        before,
        limit + 1
    )
    .fetch_all(connection)
    .await?;
    Ok(Page::from_rows(rows, limit))
}
