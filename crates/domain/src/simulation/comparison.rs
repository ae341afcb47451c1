//! What a simulation of the journal answers: sums by the plans that were used, beside those by the simulated plan.

use chrono::NaiveDate;
use serde::Serialize;

use crate::account::AccountSequence;
use crate::amount::{Amount, AmountError};
use crate::plan::PlanVersion;

/// What lines carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// All of them.
    pub total: Amount,
    /// Those that are live on the comparison's day.
    pub effective: Amount,
}

/// A sum by the plans that were used, and by the simulated one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// By the plans that were used.
    pub used: Holding,
    /// By the simulated plan.
    pub simulated: Holding,
}

/// The sums of one kind of line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct KindComparison {
    /// A `source_type`, a system account, or an `unalloc_type`.
    pub kind: &'static str,
    /// Its sums.
    #[serde(flatten)]
    pub sums: Compared,
}

/// The sums of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountComparison {
    /// The account.
    pub account_sequence: AccountSequence,
    /// Its sums.
    #[serde(flatten)]
    pub sums: Compared,
    /// What it would have more, or less.
    pub difference: Holding,
}

/// What the plan would have made of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct JournalComparison {
    /// The simulated plan.
    pub plan_version: PlanVersion,
    /// Adoptions of an earlier date kept the plans they had; none: the plan decided all.
    pub from: Option<NaiveDate>,
    /// The day for which effective holds.
    pub day: NaiveDate,
    /// Entries that carry amounts: DISTRIBUTE and REVERSE.
    pub entries: u64,
    /// Those of them for which the plan decided.
    pub simulated_entries: u64,
    /// Those of them with another price.
    pub repriced_entries: u64,
    /// Base distributed less base reversed.
    pub base: BaseComparison,
    /// What went to accounts, by `source_type`.
    pub accounts: Vec<KindComparison>,
    /// What went to system accounts.
    pub system_accounts: Vec<KindComparison>,
    /// What went to nobody and so to headquarters, by `unalloc_type`.
    pub unallocated: Vec<KindComparison>,
    /// Accounts that would have more, less, and the same.
    pub gaining: u64,
    /// See `gaining`.
    pub losing: u64,
    /// See `gaining`.
    pub unchanged: u64,
    /// Who gains most, most first.
    pub gainers: Vec<AccountComparison>,
    /// Who loses most, most first.
    pub losers: Vec<AccountComparison>,
}

/// Base distributed less base reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BaseComparison {
    /// By the plans that were used.
    pub used: Amount,
    /// By the simulated plan.
    pub simulated: Amount,
}

impl Compared {
    /// What the simulated plan gives more, or less.
    pub fn difference(&self) -> Result<Holding, AmountError> {
        Ok(Holding {
            total: self.simulated.total.checked_sub(self.used.total)?,
            effective: self.simulated.effective.checked_sub(self.used.effective)?,
        })
    }
}

impl Holding {
    /// What it is compared by: a plan with another term alone changes only what is live.
    pub(super) fn order(&self) -> (Amount, Amount) {
        (self.total, self.effective)
    }
}
