//! The business day: the one date the books go by (RULES section 6).
//!
//! Whoever books under the day shares the advisory lock until its COMMIT; the roll takes it alone for the moment
//! that moves the row. A row lock would starve: overlapping `FOR SHARE` holders keep a `FOR UPDATE` out.
//! Two round trips: the lock, then the row, so that the row is read by a statement that began under the lock.

use chrono::NaiveDate;
use sqlx::PgConnection;

use crate::{Result, locks};

/// The business day, held still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The day.
    pub day: NaiveDate,
    /// Accounts may hold for the day before still: the roll is bringing them over, or is about to.
    pub rolling: bool,
}

/// Holds the business day still until the transaction ends, and says which it is.
pub async fn hold(connection: &mut PgConnection) -> Result<Held> {
    locks::hold_shared(connection, locks::BUSINESS_DAY).await?;
    Ok(sqlx::query_as!(
        Held,
        r#"SELECT current_day AS day, roll_phase IN ('summing', 'accounts') AS "rolling!" FROM business_day"#
    )
    .fetch_one(connection)
    .await?)
}

/// The business day at this moment.
pub async fn read(connection: &mut PgConnection) -> Result<NaiveDate> {
    Ok(sqlx::query_scalar!("SELECT current_day FROM business_day").fetch_one(connection).await?)
}
