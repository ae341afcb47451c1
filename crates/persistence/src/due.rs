//! When a snapshot is due (RULES section 7): how far reading, judging and carrying out have come.
//!
//! Reads single rows, writes one; no lock; one round trip a function.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::Result;

/// When `day` begins in the zone of the books.
pub async fn start_of(connection: &mut PgConnection, day: NaiveDate) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT $1::date::timestamp AT TIME ZONE time_zone AS "start!" FROM business_day"#,
        day
    )
    .fetch_one(connection)
    .await?)
}

/// The day that it is at `now` in the zone of the books.
pub async fn day_of(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<NaiveDate> {
    Ok(sqlx::query_scalar!(
        r#"SELECT ($1::timestamptz AT TIME ZONE time_zone)::date AS "day!" FROM business_day"#,
        now
    )
    .fetch_one(connection)
    .await?)
}

/// Whether everything that was committed upstream before `moment` has been read, of every source.
pub async fn is_read_through(connection: &mut PgConnection, moment: DateTime<Utc>) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT coalesce(bool_and(coalesce(watermark >= $1, FALSE)), FALSE) AS "read!" FROM cdc_watermarks"#,
        moment
    )
    .fetch_one(connection)
    .await?)
}

/// The last number, once every change that was there at `moment` has been judged and what was ready of it numbered.
pub async fn numbered_through(connection: &mut PgConnection, moment: DateTime<Utc>) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!("SELECT last_seq FROM sequencer_state WHERE judged_through >= $1", moment)
        .fetch_optional(connection)
        .await?)
}

/// When the gate before the first number was opened; None: it is shut.
pub async fn opened_at(connection: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!("SELECT bootstrap_opened_at FROM sequencer_state WHERE bootstrap_open")
        .fetch_optional(connection)
        .await?
        .flatten())
}

/// The history has been carried out: from `day` on every day gets a snapshot.
pub async fn begin_snapshots(connection: &mut PgConnection, day: NaiveDate) -> Result<()> {
    sqlx::query!("UPDATE business_day SET snapshots_from = $1 WHERE snapshots_from IS NULL", day)
        .execute(connection)
        .await?;
    Ok(())
}
