//! Tells the sequencer what changed upstream.
//!
//! Part of the transaction of the rows that changed, so nothing is told that did not happen. No lock; one round trip.

use domain::AccountSequence;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// The channel on which the sequencer listens.
pub const CHANNEL: &str = "sequencer";

/// Queues accounts whose referral came, changed or went, and adoptions that changed; calls the sequencer once.
pub async fn tell_sequencer(
    connection: &mut PgConnection,
    referrals: &[AccountSequence],
    adoptions: &[Uuid],
) -> Result<()> {
    if referrals.is_empty() && adoptions.is_empty() {
        return Ok(());
    }
    let accounts: Vec<&str> = referrals.iter().map(AccountSequence::as_str).collect();
    sqlx::query!(
        "WITH queued AS (
             INSERT INTO sequencer_queue (kind, account_sequence, original_adoption_id)
             SELECT 0, unnest($1::text[]), NULL UNION ALL SELECT 1, NULL, unnest($2::uuid[]))
         SELECT pg_notify($3, '')",
        &accounts as &[&str],
        adoptions,
        CHANNEL
    )
    .execute(connection)
    .await?;
    Ok(())
}
