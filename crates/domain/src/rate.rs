//! Rates of distribution and of growth (RULES section 1).

use std::fmt;

use rust_decimal::Decimal;

use crate::amount::AmountError;
use crate::fixed;

/// Decimal places of a rate, as in `DECIMAL(10,6)`.
pub(crate) const RATE_PLACES: u32 = 6;

/// A rate in units of 10^-6: 0.7 is 700,000 units.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Rate(i64);

impl Rate {
    /// Nothing of it.
    pub const ZERO: Self = Self(0);
    /// All of it.
    pub const ONE: Self = Self(1_000_000);

    /// A rate from units of 10^-6.
    pub const fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// Units of 10^-6.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Exactly the decimal's value. Errs where it has a digit beyond the sixth place or is too large.
    pub fn from_decimal(decimal: Decimal) -> Result<Self, AmountError> {
        fixed::from_decimal(decimal, RATE_PLACES).and_then(Self::from_wide)
    }

    /// The decimal of scale 6 that equals this rate.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.0, RATE_PLACES)
    }

    /// Reads a plain decimal number, such as `0.005`. Errs where a digit would be lost.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        fixed::parse(text, RATE_PLACES).and_then(Self::from_wide)
    }

    /// The sum, or an error where it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_add(other.0).map(Self).ok_or(AmountError::Overflow)
    }

    fn from_wide(units: i128) -> Result<Self, AmountError> {
        i64::try_from(units).map(Self).map_err(|_| AmountError::Overflow)
    }
}

impl fmt::Display for Rate {
    /// Plain decimal with all 6 places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fixed::write(f, i128::from(self.0), RATE_PLACES)
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fixed::as_text!(Rate);
