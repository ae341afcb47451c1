//! Contribution, exactly (RULES section 1).

use std::fmt;

use rust_decimal::Decimal;
use thiserror::Error;

use crate::fixed;
use crate::rate::{RATE_PLACES, Rate};

/// Decimal places of an amount, as in `DECIMAL(30,10)`.
const AMOUNT_PLACES: u32 = 10;
/// Units of a rate in the whole.
const MILLION: i64 = Rate::ONE.units();

/// An amount of contribution in units of 10^-10. Every operation is exact or an error, but for
/// [`Amount::share`], which is one of the cuts that RULES names.
///
/// All of the service's amounts stay within 10^18 (10^28 units), because the base of all adoptions
/// together does; that fits both `rust_decimal` and `DECIMAL(30,10)`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

/// Why a number is no amount, no rate, or no exact result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not a plain decimal number: an exponent, a sign other than `-`, blanks, no digits, `NaN`.
    #[error("{0:?} is not a plain decimal number")]
    Malformed(String),
    /// It has more decimal places than can be kept.
    #[error("{0} has more decimal places than can be kept")]
    Inexact(String),
    /// It is larger than can be kept.
    #[error("a number is larger than can be kept")]
    Overflow,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount from units of 10^-10.
    pub const fn from_units(units: i128) -> Self {
        Self(units)
    }

    /// A whole number of contribution.
    pub(crate) const fn from_whole(whole: i128) -> Self {
        Self(whole * fixed::one(AMOUNT_PLACES))
    }

    /// Units of 10^-10.
    pub const fn units(self) -> i128 {
        self.0
    }

    /// Exactly the decimal's value. Errs where it has a digit beyond the tenth place or is too large.
    pub fn from_decimal(decimal: Decimal) -> Result<Self, AmountError> {
        fixed::from_decimal(decimal, AMOUNT_PLACES).map(Self)
    }

    /// The decimal of scale 10 that equals this amount. Errs beyond 96 bits of units (about 7.9 × 10^18).
    pub fn to_decimal(self) -> Result<Decimal, AmountError> {
        fixed::to_decimal(self.0, AMOUNT_PLACES)
    }

    /// Reads a plain decimal number, such as `-0.5` or `22617`. Errs where a digit would be lost.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        fixed::parse(text, AMOUNT_PLACES).map(Self)
    }

    /// The sum, or an error where it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_add(other.0).map(Self).ok_or(AmountError::Overflow)
    }

    /// The difference, or an error where it does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        self.0.checked_sub(other.0).map(Self).ok_or(AmountError::Overflow)
    }

    /// The same amount the other way, or an error where it does not fit.
    pub fn checked_neg(self) -> Result<Self, AmountError> {
        self.0.checked_neg().map(Self).ok_or(AmountError::Overflow)
    }

    /// This amount so many times, or an error where it does not fit.
    pub fn checked_times(self, times: i32) -> Result<Self, AmountError> {
        self.0.checked_mul(i128::from(times)).map(Self).ok_or(AmountError::Overflow)
    }

    /// The sum of all, or an error where it does not fit.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, AmountError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// This amount × `rate`, cut toward zero to 10 places (RULES section 4).
    ///
    /// With the amount as `whole × 10^6 + rest`, the product is `whole × rate + rest × rate ÷ 10^6`: the same to the
    /// last digit, without the division of 128 bits that would be most of an entry's cost.
    pub fn share(self, rate: Rate) -> Result<Self, AmountError> {
        let (whole, rest) = self.split_millionths();
        let rest = rest.checked_mul(rate.units()).ok_or(AmountError::Overflow)? / MILLION;
        let whole = whole.checked_mul(i128::from(rate.units())).ok_or(AmountError::Overflow)?;
        whole.checked_add(i128::from(rest)).map(Self).ok_or(AmountError::Overflow)
    }

    /// The units divided by 10^6, and what is left over with their sign; in 64 bits where they fit.
    fn split_millionths(self) -> (i128, i64) {
        if let Ok(units) = i64::try_from(self.0) {
            return (i128::from(units / MILLION), units % MILLION);
        }
        let million = i128::from(MILLION);
        // a remainder of a million fits any integer
        (self.0 / million, i64::try_from(self.0 % million).unwrap_or_default())
    }

    /// This amount × `factor` × 10^-6, cut toward zero to 10 places.
    pub(crate) fn scaled(self, factor: i128) -> Result<Self, AmountError> {
        let product = self.0.checked_mul(factor).ok_or(AmountError::Overflow)?;
        Ok(Self(product / fixed::one(RATE_PLACES)))
    }

    /// Whether it is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Amount {
    /// Plain decimal with all 10 places.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fixed::write(f, self.0, AMOUNT_PLACES)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fixed::as_text!(Amount);
