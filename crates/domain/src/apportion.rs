//! The ratios of the daily snapshot (RULES section 7).

use std::cmp::Reverse;
use std::fmt;

use rust_decimal::Decimal;
use thiserror::Error;

use crate::amount::{Amount, AmountError};
use crate::fixed;

/// Decimal places of a ratio, as in `DECIMAL(30,18)`.
const RATIO_PLACES: u32 = 18;
/// Half of the places: an amount below 10^18 times this fits an `i128`, so a division has two steps.
const HALF: i128 = fixed::one(RATIO_PLACES / 2);

/// A share of one whole in units of 10^-18.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(i64);

/// Why amounts cannot be apportioned.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApportionError {
    /// A share of zero or less.
    #[error("{account} takes part with {amount}, which is not above zero")]
    NotPositive {
        /// Whose.
        account: String,
        /// The amount.
        amount: Amount,
    },
    /// A sum or product does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// Each amount's share of their sum, in the order given. Each is cut to 18 places, and the units still
/// missing to 1 go, one each, to the largest remainders, ties by name in byte order: they sum to exactly 1.
/// Of no amounts there are no shares.
pub fn apportion<N: AsRef<str>>(amounts: &[(N, Amount)]) -> Result<Vec<Ratio>, ApportionError> {
    if let Some((name, amount)) = amounts.iter().find(|(_, amount)| *amount <= Amount::ZERO) {
        return Err(ApportionError::NotPositive { account: name.as_ref().to_owned(), amount: *amount });
    }
    let total = Amount::checked_sum(amounts.iter().map(|(_, amount)| *amount))?;
    let mut ratios = Vec::with_capacity(amounts.len());
    let mut remainders = Vec::with_capacity(amounts.len());
    for (place, (name, amount)) in amounts.iter().enumerate() {
        let (ratio, remainder) = divide(*amount, total)?;
        ratios.push(ratio);
        remainders.push((Reverse(remainder), name.as_ref(), place));
    }
    let handed_out: i64 = ratios.iter().map(|ratio| ratio.0).sum();
    let missing = usize::try_from(Ratio::ONE.0 - handed_out).unwrap_or(0);
    remainders.sort_unstable();
    for (_, _, place) in remainders.into_iter().take(missing) {
        ratios[place].0 += 1;
    }
    Ok(ratios)
}

/// `amount` / `total`, cut to 18 places, and the remainder, by long division in two steps of 9 places.
fn divide(amount: Amount, total: Amount) -> Result<(Ratio, i128), AmountError> {
    let step = |dividend: i128| {
        let widened = dividend.checked_mul(HALF).ok_or(AmountError::Overflow)?;
        Ok((widened / total.units(), widened % total.units()))
    };
    let (high, remainder) = step(amount.units())?;
    let (low, remainder) = step(remainder)?;
    Ok((Ratio::from_wide(high * HALF + low)?, remainder))
}

impl Ratio {
    /// The whole.
    pub const ONE: Self = Self(1_000_000_000_000_000_000);

    /// A share from units of 10^-18.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// Exactly the decimal's value. Errs where it has a digit beyond the eighteenth place or is too large.
    pub fn from_decimal(decimal: Decimal) -> Result<Self, AmountError> {
        Self::from_wide(fixed::from_decimal(decimal, RATIO_PLACES)?)
    }

    /// Reads a plain decimal number, such as `0.25`. Errs where a digit would be lost.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        Self::from_wide(fixed::parse(text, RATIO_PLACES)?)
    }

    fn from_wide(units: i128) -> Result<Self, AmountError> {
        i64::try_from(units).map(Self).map_err(|_| AmountError::Overflow)
    }

    /// Units of 10^-18.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// The decimal of scale 18 that equals this ratio.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, RATIO_PLACES)
    }
}

impl fmt::Display for Ratio {
    /// Plain decimal with all 18 places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fixed::write(f, i128::from(self.0), RATIO_PLACES)
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fixed::as_text!(Ratio);
