//! What upstream says of an adoption, and whether it counts at all (RULES section 2).

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use thiserror::Error;
use uuid::Uuid;

use crate::account::AccountSequence;
use crate::amount::{Amount, AmountError};
use crate::pricing::{Price, PriceError};

/// Adoptions dated before this day are taken for mistakes.
const EARLIEST_DATE: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 1).expect("a day of the calendar");

/// `contribution_per_tree` as the source row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourcePrice {
    /// NULL: the plan's formula prices the adoption.
    Unpriced,
    /// An amount. Zero and below make the adoption an anomaly.
    Priced(Amount),
    /// A price that `DECIMAL(20,10)` cannot hold, in the source's own words; never priced by the formula.
    Unstorable(String),
}

impl SourcePrice {
    /// A price as somebody writes it. One that cannot be stored would make an anomaly of an adoption; what is no number
    /// is refused.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        match Amount::parse(text) {
            Ok(amount) => Ok(Self::Priced(amount)),
            Err(AmountError::Malformed(text)) => Err(AmountError::Malformed(text)),
            Err(AmountError::Inexact(_) | AmountError::Overflow) => Ok(Self::Unstorable(text.to_owned())),
        }
    }
}

/// An adoption as upstream describes it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceAdoption {
    /// The upstream identifier, `original_adoption_id`.
    pub id: Uuid,
    /// The adopter.
    pub account: AccountSequence,
    /// Trees adopted. Zero and below make the adoption an anomaly.
    pub tree_count: i32,
    /// The day of adoption.
    pub adoption_date: NaiveDate,
    /// The upstream status, which may rule the adoption out.
    pub status: Option<String>,
    /// The price of one tree.
    pub price: SourcePrice,
    /// When upstream created the row, where it says so.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether upstream has deleted the row.
    pub deleted: bool,
}

impl SourceAdoption {
    /// Where it stands among the ready adoptions of a pass: by adoption date, then upstream creation time
    /// with the unknown last, then upstream identifier (RULES section 3).
    pub fn pass_order(&self) -> impl Ord + use<> {
        (self.adoption_date, self.created_at.is_none(), self.created_at, self.id)
    }
}

/// Which statuses rule an adoption out, compared without case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligibility {
    ineligible_statuses: HashSet<String>,
}

impl Eligibility {
    /// Takes the statuses that rule an adoption out.
    pub fn new<S: AsRef<str>>(ineligible_statuses: impl IntoIterator<Item = S>) -> Self {
        let folded = ineligible_statuses.into_iter().map(|status| status.as_ref().to_lowercase());
        Self { ineligible_statuses: folded.collect() }
    }

    /// Whether the adoption counts: not deleted upstream, and its status, if it has one, does not rule it
    /// out. The adopter's own row plays no part.
    pub fn is_eligible(&self, source: &SourceAdoption) -> bool {
        let ruled_out = |status: &String| self.ineligible_statuses.contains(status.to_lowercase().as_str());
        !source.deleted && !source.status.as_ref().is_some_and(ruled_out)
    }
}

impl Default for Eligibility {
    fn default() -> Self {
        Self::new(["PENDING", "CANCELLED", "REFUNDED", "INACTIVE"])
    }
}

/// Why an eligible adoption is kept and shown but not distributed. Its text is the stored reason.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Anomaly {
    /// No tree at all.
    #[error("TREE_COUNT: {0}")]
    TreeCount(i32),
    /// A price of zero or below.
    #[error("PRICE_NOT_POSITIVE: {0}")]
    PriceNotPositive(Amount),
    /// A price that `DECIMAL(20,10)` cannot hold, in the source's own words.
    #[error("PRICE_UNSTORABLE: {0}")]
    PriceUnstorable(String),
    /// The network has grown so much that the formula's price leaves its range.
    #[error("PRICE_BY_FORMULA: not below 10000000000 after {network_trees} trees")]
    PriceByFormula {
        /// Trees of the network before the adoption.
        network_trees: i64,
    },
    /// A date before 2000-01-01.
    #[error("ADOPTION_DATE: {0}")]
    AdoptionDate(NaiveDate),
    /// The walk up the referrers met this account twice within its 15 steps.
    #[error("CYCLE: {0}")]
    Cycle(AccountSequence),
    /// The base of all adoptions together would reach 10^18.
    #[error("GROSS_LIMIT: {distributed} distributed, {base} more")]
    GrossLimit {
        /// The base of all DISTRIBUTE entries so far.
        distributed: Amount,
        /// The base of this one.
        base: Amount,
    },
}

/// What is wrong with the adoption's own values, if anything. A cycle among its referrers and the limit of
/// section 1 are found by [`standing`](crate::standing) and by the sequencer.
pub fn anomaly(source: &SourceAdoption) -> Option<Anomaly> {
    if source.tree_count <= 0 {
        return Some(Anomaly::TreeCount(source.tree_count));
    }
    source_price(source).err().or_else(|| {
        (source.adoption_date < EARLIEST_DATE).then_some(Anomaly::AdoptionDate(source.adoption_date))
    })
}

/// The price the source names, `None` where it leaves it to the formula.
pub(crate) fn source_price(source: &SourceAdoption) -> Result<Option<Price>, Anomaly> {
    match &source.price {
        SourcePrice::Unpriced => Ok(None),
        SourcePrice::Unstorable(raw) => Err(Anomaly::PriceUnstorable(raw.clone())),
        SourcePrice::Priced(amount) => match Price::new(*amount) {
            Ok(price) => Ok(Some(price)),
            Err(PriceError::NotPositive(amount)) => Err(Anomaly::PriceNotPositive(amount)),
            Err(PriceError::TooLarge) => Err(Anomaly::PriceUnstorable(amount.to_string())),
        },
    }
}
