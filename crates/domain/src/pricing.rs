//! What one tree contributes (RULES section 3, "Price").

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::amount::{Amount, AmountError};
use crate::rate::Rate;

/// The contribution of one tree: above zero and below 10^10, which is what `DECIMAL(20,10)` holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Price(Amount);

/// Why an amount is no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PriceError {
    /// Zero or less.
    #[error("the price {0} is not above zero")]
    NotPositive(Amount),
    /// 10^10 or more, or what the formula gives is.
    #[error("the price is not below 10000000000")]
    TooLarge,
}

impl Price {
    /// The first amount that is too large to be a price.
    const LIMIT: Amount = Amount::from_whole(10_000_000_000);

    /// Takes an amount above zero and below 10^10.
    pub fn new(amount: Amount) -> Result<Self, PriceError> {
        if amount <= Amount::ZERO {
            return Err(PriceError::NotPositive(amount));
        }
        if amount >= Self::LIMIT {
            return Err(PriceError::TooLarge);
        }
        Ok(Self(amount))
    }

    /// The contribution of one tree.
    pub const fn amount(self) -> Amount {
        self.0
    }

    /// The base of an adoption of so many trees, exactly (RULES section 4).
    pub fn times(self, tree_count: i32) -> Result<Amount, AmountError> {
        self.0.checked_times(tree_count)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How an adoption is priced when its source row names no price: the base contribution, raised by a
/// percentage of itself for every `unit_size` trees of the network from `start_tree_number` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Pricing {
    /// The price of a tree before the network reaches `start_tree_number`.
    pub base_contribution: Amount,
    /// What each unit adds, as a share of the base contribution; not negative.
    pub increment_percentage: Rate,
    /// Trees to a unit; at least 1.
    pub unit_size: i32,
    /// Trees of the network with which the first unit begins; not negative.
    pub start_tree_number: i32,
}

impl Pricing {
    /// The price of every tree of an adoption before which the network counts `network_trees_before`
    /// trees (`B`), cut to 10 places. Errs where the price leaves its range.
    pub fn price(&self, network_trees_before: i64) -> Result<Price, PriceError> {
        let increase = i128::from(self.increment_percentage.units()) * self.units(network_trees_before);
        let factor = i128::from(Rate::ONE.units()) + increase;
        let amount = self.base_contribution.scaled(factor).map_err(|_| PriceError::TooLarge)?;
        Price::new(amount)
    }

    /// Increments that have begun once the network counts so many trees.
    fn units(&self, network_trees: i64) -> i128 {
        let beyond_start = i128::from(network_trees) - i128::from(self.start_tree_number);
        // A checked plan has no smaller unit than one tree.
        if beyond_start < 0 { 0 } else { beyond_start / i128::from(self.unit_size.max(1)) + 1 }
    }
}
