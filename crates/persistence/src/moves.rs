//! Accounts whose upstream referrer differs from the journaled one: moves still to be numbered.
//!
//! Only the sequencer writes here. Part of the caller's transaction, one round trip a function.

use domain::AccountSequence;
use sqlx::PgConnection;

use crate::Result;

/// Remembers that `accounts` may have moved.
pub async fn remember(connection: &mut PgConnection, accounts: &[String]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sequencer_moves (account_sequence) SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING",
        accounts
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Remembers every account whose referral row names another referrer than the journal: the full check.
pub async fn remember_all(connection: &mut PgConnection) -> Result<u64> {
    let done = sqlx::query!(
        "INSERT INTO sequencer_moves (account_sequence)
         SELECT s.account_sequence FROM sequencer_accounts s
         JOIN synced_referrals r ON r.account_sequence = s.account_sequence
             AND r.source_deleted_at IS NULL AND NOT r.displaced
         WHERE s.referrer_known AND r.referrer_account_sequence IS DISTINCT FROM s.referrer
         ON CONFLICT DO NOTHING"
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Every account remembered.
pub async fn all(connection: &mut PgConnection) -> Result<Vec<AccountSequence>> {
    let rows = sqlx::query_scalar!("SELECT account_sequence FROM sequencer_moves ORDER BY account_sequence")
        .fetch_all(connection)
        .await?;
    rows.iter().map(|account| Ok(AccountSequence::parse(account)?)).collect()
}

/// Forgets `accounts`: they moved, or there was nothing to move.
pub async fn forget(connection: &mut PgConnection, accounts: &[String]) -> Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    sqlx::query!("DELETE FROM sequencer_moves WHERE account_sequence = ANY($1::text[])", accounts)
        .execute(connection)
        .await?;
    Ok(())
}
