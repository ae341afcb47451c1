//! The auditor's arithmetic: decimals of any length, which neither the service nor the server computes with.

use std::str::FromStr;

use bigdecimal::num_bigint::Sign;
use bigdecimal::{BigDecimal, RoundingMode};

/// An amount, a price or a rate.
pub(crate) type Amount = BigDecimal;

/// Decimal places of an amount.
pub(crate) const AMOUNT_PLACES: i64 = 10;
/// Decimal places of a rate.
pub(crate) const RATE_PLACES: i64 = 6;
/// Decimal places of a ratio.
pub(crate) const RATIO_PLACES: i64 = 18;

/// A number as PostgreSQL writes it; `NaN` and infinity are refused.
pub(crate) fn parse(text: &str) -> Result<Amount, String> {
    Amount::from_str(text).map_err(|_| format!("{text:?} is no finite number"))
}

/// Cut toward zero.
pub(crate) fn cut(value: &Amount, places: i64) -> Amount {
    value.with_scale_round(places, RoundingMode::Down)
}

/// As PostgreSQL writes a value of so many places.
pub(crate) fn text(value: &Amount, places: i64) -> String {
    cut(value, places).to_plain_string()
}

/// Neither more nor less than nothing.
pub(crate) fn is_zero(value: &Amount) -> bool {
    value.sign() == Sign::NoSign
}

/// More than nothing.
pub(crate) fn is_positive(value: &Amount) -> bool {
    value.sign() == Sign::Plus
}

/// Less than nothing.
pub(crate) fn is_negative(value: &Amount) -> bool {
    value.sign() == Sign::Minus
}

/// `10^-places`.
pub(crate) fn unit(places: i64) -> Amount {
    Amount::new(1.into(), places)
}
