//! Tells the sequencer what changed upstream.
//!
//! Part of the transaction of the rows that changed, so nothing is told that did not happen. No lock; two round trips.

use domain::AccountSequence;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::calls::{self, Channel};

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
        "INSERT INTO sequencer_queue (kind, account_sequence, original_adoption_id)
         SELECT 0, unnest($1::text[]), NULL::uuid UNION ALL SELECT 1, NULL, unnest($2::uuid[])",
        &accounts as &[&str],
        adoptions,
    )
    .execute(&mut *connection)
    .await?;
    calls::call(connection, Channel::Sequencer).await
}
