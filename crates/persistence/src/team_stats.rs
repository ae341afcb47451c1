//! `user_team_stats`: what stands below each account, by day (RULES section 7, Team statistics).
//!
//! A day costs what was booked on it. Transaction: the caller's, one a day, in which the last day moves on: it is done
//! once, however often it is begun. Locks: the statistics' own → the row of `business_day`; four round trips.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::{Result, locks};

/// The first day that is over and not in the statistics yet; None: there is none.
pub async fn next_day(connection: &mut PgConnection) -> Result<Option<NaiveDate>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT next AS "next?" FROM (
               SELECT current_day, coalesce(team_stats_through + 1, (SELECT min(booked_day) FROM distribution_chunks)) AS next
               FROM business_day) AS day
           WHERE next < current_day"#
    )
    .fetch_optional(connection)
    .await?
    .flatten())
}

/// Writes the rows of `day`, the one that [`next_day`] gave; says how many, or None where another was quicker.
pub async fn add_day(
    connection: &mut PgConnection,
    day: NaiveDate,
    at: DateTime<Utc>,
) -> Result<Option<u64>> {
    locks::hold(connection, locks::TEAM_STATS).await?;
    let moved = sqlx::query!(
        "UPDATE business_day SET team_stats_through = $1
         WHERE current_day > $1 AND coalesce(team_stats_through = $1::date - 1, TRUE)",
        day
    )
    .execute(&mut *connection)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(None);
    }
    // while the table was small when its rows were counted, the newest row of each account would be looked for in all of it
    sqlx::query!("SET LOCAL enable_seqscan = off").execute(&mut *connection).await?;
    let written = sqlx::query_file!("src/team_stats.sql", day, at).execute(connection).await?;
    Ok(Some(written.rows_affected()))
}
