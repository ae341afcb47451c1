//! The plan: every number a business owner decides (RULES sections 3 and 4).

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::amount::Amount;
use crate::pricing::{Price, PriceError, Pricing};
use crate::rate::Rate;
use crate::system::SystemAccount;
use crate::unlock::UnlockTable;
use crate::{MAX_LEVEL, MAX_TIER};

/// The version of a plan. Once an entry has used it, it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanVersion(pub i32);

impl fmt::Display for PlanVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How an adoption is cut up: the rate of each kind of slot (RULES section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// The adopter's own share.
    pub personal: Rate,
    /// The share of operations.
    pub operation: Rate,
    /// The share of the province.
    pub province: Rate,
    /// The share of the city.
    pub city: Rate,
    /// The share of each of the 15 levels.
    pub level_per: Rate,
    /// The share of each of the 3 bonus tiers.
    pub bonus_per: Rate,
}

/// All that decides what an adoption is worth and who shares in it. [`Plan::check`] says whether it can be
/// used at all; a plan taken from [`Plans`](crate::Plans) has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its version.
    pub version: PlanVersion,
    /// The first adoption date it applies to; `None` from the beginning of time.
    pub applies_from: Option<NaiveDate>,
    /// How an adoption is cut up.
    pub rates: Rates,
    /// How an adoption without a price of its own is priced.
    pub pricing: Pricing,
    /// What unlocks levels and tiers.
    pub unlock: UnlockTable,
    /// Years for which a share lives.
    pub term_years: i32,
    /// System accounts whose shares live for ever.
    pub never_expiring: Vec<SystemAccount>,
}

/// Why a plan is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// A rate is below zero.
    #[error("the rate {name} is negative: {rate}")]
    NegativeRate {
        /// The rate's name in the configuration.
        name: &'static str,
        /// Its value.
        rate: Rate,
    },
    /// The shares do not make up the whole.
    #[error("the rates sum to {sum_millionths} millionths instead of exactly 1000000")]
    RatesSum {
        /// What they sum to, in units of 10^-6.
        sum_millionths: i128,
    },
    /// The base contribution is no price.
    #[error("base_contribution is refused: {0}")]
    BaseContribution(#[from] PriceError),
    /// The increment is below zero.
    #[error("increment_percentage is negative: {0}")]
    Increment(Rate),
    /// A unit has no tree.
    #[error("unit_size is below 1: {0}")]
    UnitSize(i32),
    /// The start is below zero.
    #[error("start_tree_number is negative: {0}")]
    StartTree(i32),
    /// Direct counts and depths are not pairs.
    #[error("the unlock table has {directs} direct counts for {depths} depths")]
    UnlockPairs {
        /// How many direct counts.
        directs: usize,
        /// How many depths.
        depths: usize,
    },
    /// The direct counts that unlock levels are negative or do not rise.
    #[error("the direct counts that unlock levels do not rise from zero or more: {0:?}")]
    LevelDirects(Vec<i32>),
    /// The depths are negative or fall.
    #[error("the unlocked depths are negative or fall: {0:?}")]
    LevelDepths(Vec<i32>),
    /// A depth beyond level 15.
    #[error("an unlocked depth is beyond 15: {0}")]
    DepthBeyond15(i32),
    /// The direct counts that unlock tiers are negative or fall.
    #[error("the direct counts that unlock tiers are negative or fall: {0:?}")]
    TierDirects(Vec<i32>),
    /// More tiers could be unlocked than there are.
    #[error("{0} bonus tiers could be unlocked, there are 3")]
    TooManyTiers(usize),
    /// A share would expire on the day it takes effect, or before.
    #[error("term_years is below 1: {0}")]
    Term(i32),
}

impl Plan {
    /// Plan 1: the numbers the business began with.
    pub fn seed() -> Self {
        Self {
            version: PlanVersion(1),
            applies_from: None,
            rates: Rates {
                personal: Rate::from_units(700_000),
                operation: Rate::from_units(120_000),
                province: Rate::from_units(10_000),
                city: Rate::from_units(20_000),
                level_per: Rate::from_units(5_000),
                bonus_per: Rate::from_units(25_000),
            },
            pricing: Pricing {
                base_contribution: Amount::from_whole(22_617),
                increment_percentage: Rate::from_units(3_000),
                unit_size: 100,
                start_tree_number: 1_000,
            },
            unlock: UnlockTable {
                level_directs: vec![1, 3, 5],
                level_depths: vec![5, 10, 15],
                tier_directs: vec![2, 4],
            },
            term_years: 2,
            never_expiring: SystemAccount::ALL.to_vec(),
        }
    }

    /// The plan, if every clause of RULES section 4 holds for it; else the first that does not.
    pub fn check(self) -> Result<Self, PlanError> {
        self.rates.check()?;
        self.pricing.check()?;
        self.unlock.check()?;
        if self.term_years < 1 {
            return Err(PlanError::Term(self.term_years));
        }
        Ok(self)
    }

    /// Whether the shares of a system account live for ever.
    pub fn never_expires(&self, account: SystemAccount) -> bool {
        self.never_expiring.contains(&account)
    }

    /// Whether it would apply to a day that has begun, which takes an operator's word (RULES section 3).
    pub fn is_retroactive(&self, business_day: NaiveDate) -> bool {
        self.applies_from.is_none_or(|from| from <= business_day)
    }
}

impl Rates {
    /// No rate is negative, and all slots together are exactly one whole.
    fn check(&self) -> Result<(), PlanError> {
        let slots: [(&'static str, Rate, i128); 6] = [
            ("PERSONAL", self.personal, 1),
            ("OPERATION", self.operation, 1),
            ("PROVINCE", self.province, 1),
            ("CITY", self.city, 1),
            ("LEVEL_PER", self.level_per, i128::from(MAX_LEVEL)),
            ("BONUS_PER", self.bonus_per, i128::from(MAX_TIER)),
        ];
        if let Some(&(name, rate, _)) = slots.iter().find(|(_, rate, _)| *rate < Rate::ZERO) {
            return Err(PlanError::NegativeRate { name, rate });
        }
        let sum_millionths = slots.iter().map(|(_, rate, times)| i128::from(rate.units()) * times).sum();
        if sum_millionths != i128::from(Rate::ONE.units()) {
            return Err(PlanError::RatesSum { sum_millionths });
        }
        Ok(())
    }
}

impl Pricing {
    /// The first price is one, and prices never fall as the network grows.
    fn check(&self) -> Result<(), PlanError> {
        Price::new(self.base_contribution)?;
        if self.increment_percentage < Rate::ZERO {
            return Err(PlanError::Increment(self.increment_percentage));
        }
        if self.unit_size < 1 {
            return Err(PlanError::UnitSize(self.unit_size));
        }
        if self.start_tree_number < 0 {
            return Err(PlanError::StartTree(self.start_tree_number));
        }
        Ok(())
    }
}

impl UnlockTable {
    /// More direct referrals never unlock less, and never more than there is.
    fn check(&self) -> Result<(), PlanError> {
        let Self { level_directs, level_depths, tier_directs } = self;
        if level_directs.len() != level_depths.len() {
            let (directs, depths) = (level_directs.len(), level_depths.len());
            return Err(PlanError::UnlockPairs { directs, depths });
        }
        let begins_below_zero = |counts: &[i32]| counts.first().is_some_and(|&first| first < 0);
        if begins_below_zero(level_directs) || !level_directs.is_sorted_by(|a, b| a < b) {
            return Err(PlanError::LevelDirects(level_directs.clone()));
        }
        if begins_below_zero(level_depths) || !level_depths.is_sorted() {
            return Err(PlanError::LevelDepths(level_depths.clone()));
        }
        if let Some(&deepest) = level_depths.last().filter(|&&depth| depth > i32::from(MAX_LEVEL)) {
            return Err(PlanError::DepthBeyond15(deepest));
        }
        if begins_below_zero(tier_directs) || !tier_directs.is_sorted() {
            return Err(PlanError::TierDirects(tier_directs.clone()));
        }
        let tiers = tier_directs.len() + 1;
        if tiers > usize::from(MAX_TIER) {
            return Err(PlanError::TooManyTiers(tiers));
        }
        Ok(())
    }
}
