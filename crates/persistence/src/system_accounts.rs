//! The four system accounts: the last rows that a worker locks before its COMMIT.
//!
//! One statement, in the order of their types; one round trip.

use chrono::{DateTime, Utc};
use domain::{Amount, SystemAccount};
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::{Error, Result};

/// What one chunk does to one system account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SystemDelta {
    /// Which.
    pub account: SystemAccount,
    /// Added to `contribution_balance`.
    pub balance: Amount,
    /// Added to `effective_balance`.
    pub effective: Amount,
}

/// Adds `deltas`.
pub async fn add(connection: &mut PgConnection, deltas: &[SystemDelta], at: DateTime<Utc>) -> Result<()> {
    let mut sorted: Vec<&SystemDelta> = deltas.iter().collect();
    sorted.sort_by_key(|delta| delta.account.as_str());
    let types: Vec<&str> = sorted.iter().map(|delta| delta.account.as_str()).collect();
    let balances = decimals(&sorted, |delta| delta.balance)?;
    let effective = decimals(&sorted, |delta| delta.effective)?;
    let done = sqlx::query!(
        "UPDATE system_accounts s SET contribution_balance = s.contribution_balance + t.balance,
             effective_balance = s.effective_balance + t.effective, version = s.version + 1, updated_at = $4
         FROM UNNEST($1::text[], $2::numeric[], $3::numeric[]) AS t (account_type, balance, effective)
         WHERE s.account_type = t.account_type",
        &types as &[&str],
        &balances,
        &effective,
        at
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == deltas.len() as u64 {
        Ok(())
    } else {
        Err(Error::corrupt("a system account is missing"))
    }
}

fn decimals(deltas: &[&SystemDelta], read: impl Fn(&SystemDelta) -> Amount) -> Result<Vec<Decimal>> {
    deltas.iter().map(|delta| Ok(read(delta).to_decimal()?)).collect()
}
