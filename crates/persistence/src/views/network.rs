//! The network as the summaries give it: sums over accounts, and the four system accounts. Reads one row an account,
//! never a line; one round trip a function, to be called in one snapshot.

use domain::{Amount, SystemAccount};
use serde::Serialize;
use sqlx::PgConnection;

use crate::{Error, Result};

/// All accounts together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accounts {
    /// How many have a row.
    pub count: i64,
    /// Σ `personal_contribution`.
    pub personal: Amount,
    /// Σ `team_level_contribution`.
    pub team_level: Amount,
    /// Σ `team_bonus_contribution`.
    pub team_bonus: Amount,
    /// Σ `total_contribution`.
    pub total: Amount,
    /// Σ `effective_contribution`.
    pub effective: Amount,
}

/// A system account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// Which.
    pub account_type: SystemAccount,
    /// As people call it.
    pub name: String,
    /// All its lines.
    pub contribution_balance: Amount,
    /// Its live lines.
    pub effective_balance: Amount,
    /// Whether its lines live for ever by the plan in force.
    pub contribution_never_expires: bool,
    /// Rises with every change.
    pub version: i64,
}

/// Sums over all accounts.
pub async fn accounts(connection: &mut PgConnection) -> Result<Accounts> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", sum(personal_contribution) AS personal,
               sum(team_level_contribution) AS team_level, sum(team_bonus_contribution) AS team_bonus,
               sum(total_contribution) AS total, sum(effective_contribution) AS effective
           FROM contribution_accounts"#
    )
    .fetch_one(connection)
    .await?;
    Ok(Accounts {
        count: row.count,
        personal: super::sum(row.personal)?,
        team_level: super::sum(row.team_level)?,
        team_bonus: super::sum(row.team_bonus)?,
        total: super::sum(row.total)?,
        effective: super::sum(row.effective)?,
    })
}

/// The four system accounts, in the order of their slots.
pub async fn system_accounts(connection: &mut PgConnection) -> Result<Vec<System>> {
    let rows = sqlx::query!(
        "SELECT account_type, name, contribution_balance, effective_balance, contribution_never_expires, version
         FROM system_accounts ORDER BY id"
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(System {
                account_type: SystemAccount::parse(&row.account_type).map_err(Error::corrupt)?,
                name: row.name,
                contribution_balance: super::sum(row.contribution_balance)?,
                effective_balance: Amount::from_decimal(row.effective_balance)?,
                contribution_never_expires: row.contribution_never_expires.unwrap_or_default(),
                version: row.version.unwrap_or_default(),
            })
        })
        .collect()
}
