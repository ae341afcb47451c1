//! Team statistics of a day that is over, from what was booked on it (RULES section 7).

use chrono::{DateTime, NaiveDate, Utc};
use fail::fail_point;
use persistence::{PgPool, team_stats};

use crate::error::SchedulerError;

/// The name in `job_runs`.
pub const NAME: &str = "team_stats";

/// Writes the rows of `day`, all or none; says how many.
pub async fn run(pool: &PgPool, day: NaiveDate, now: DateTime<Utc>) -> Result<u64, SchedulerError> {
    let mut transaction = pool.begin().await?;
    let rows = team_stats::add_day(&mut transaction, day, now).await?;
    fail_point!("team-stats-before-commit");
    transaction.commit().await?;
    fail_point!("team-stats-after-commit");
    Ok(rows.unwrap_or(0))
}
