//! Who did what to the service, besides the service itself.
//!
//! Insert-only. Part of the caller's transaction, one round trip.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Result;

/// Notes that `who` did `action`; `details` is text of the action's own.
pub async fn record(
    connection: &mut PgConnection,
    who: &str,
    action: &str,
    details: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO audit_log (at, who, action, details) VALUES ($1, $2, $3, $4)",
        at,
        who,
        action,
        details
    )
    .execute(connection)
    .await?;
    Ok(())
}
