//! An account by the formula that looks at what is unlocked by now only (RULES section 5), beside the ledger.

use domain::{AccountSequence, Amount, AmountError};
use serde::Serialize;
use sqlx::PgConnection;

use super::missed::MissedShare;
use super::{account, missed};
use crate::Result;

/// The formula beside the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Formula {
    /// The account's total contribution.
    pub ledger: Amount,
    /// The same, and what nobody received, line by line, where the account would have and has unlocked it by now.
    #[serde(rename = "formula")]
    pub today: Amount,
    /// The formula less the ledger.
    pub difference: Amount,
    /// The difference, slot by slot.
    pub unlocked_since: Vec<Share>,
}

/// Shares that were not the account's when they fell due, and would be now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = FormulaShare))]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// `level 7` or `bonus tier 2`.
    #[serde(rename = "share")]
    pub name: String,
    /// How many lines.
    pub lines: i64,
    /// What they carry.
    pub amount: Amount,
}

impl Formula {
    /// From the ledger's total and the shares unlocked since.
    pub fn of(ledger: Amount, unlocked_since: Vec<Share>) -> std::result::Result<Self, AmountError> {
        let difference = Amount::checked_sum(unlocked_since.iter().map(|share| share.amount))?;
        Ok(Self { ledger, today: ledger.checked_add(difference)?, difference, unlocked_since })
    }
}

/// The account as it stands, and by the formula; none where nothing names it. To be called in one snapshot; two round
/// trips.
pub async fn read(
    connection: &mut PgConnection,
    account: &AccountSequence,
) -> Result<Option<(account::Account, Formula)>> {
    let Some(row) = account::read(connection, account).await? else { return Ok(None) };
    let (depth, tiers) = (row.unlocked_level_depth, row.unlocked_bonus_tiers);
    let missed = missed::of_account(connection, account).await?;
    let unlocked = missed.iter().filter(|share| share.is_unlocked_by(depth, tiers));
    let formula = Formula::of(row.total_contribution, unlocked.map(Share::of).collect())?;
    Ok(Some((row, formula)))
}

impl Share {
    fn of(missed: &MissedShare) -> Self {
        let what = if missed.reason == "TIER_LOCKED" { "bonus tier" } else { "level" };
        Self { name: format!("{what} {}", missed.level_or_tier), lines: missed.lines, amount: missed.amount }
    }
}
