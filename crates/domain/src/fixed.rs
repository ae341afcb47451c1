//! Decimal text to and from integers of 10^-`places`, exactly or not at all.

use std::fmt;

use rust_decimal::Decimal;

use crate::amount::AmountError;

/// Units of 10^-`places` in one whole.
pub(crate) const fn one(places: u32) -> i128 {
    10_i128.pow(places)
}

/// Reads `[-]digits[.digits]`. Zeros beyond `places` are exact and pass; any other digit there is refused,
/// and so are an exponent, a plus sign, a blank and a missing digit on either side of the point.
pub(crate) fn parse(text: &str, places: u32) -> Result<i128, AmountError> {
    let malformed = || AmountError::Malformed(text.to_owned());
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return Err(malformed());
    }
    let places = places as usize;
    if fraction.bytes().skip(places).any(|digit| digit != b'0') {
        return Err(AmountError::Inexact(text.to_owned()));
    }
    let padded = fraction.bytes().chain(std::iter::repeat(b'0')).take(places);
    let mut units: i128 = 0;
    for digit in whole.bytes().chain(padded) {
        units = units
            .checked_mul(10)
            .and_then(|shifted| shifted.checked_add(i128::from(digit - b'0')))
            .ok_or(AmountError::Overflow)?;
    }
    Ok(if negative { -units } else { units })
}

/// Writes units of 10^-`places` with all their places and no exponent.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, units: i128, places: u32) -> fmt::Result {
    let magnitude = units.unsigned_abs();
    let one = one(places).unsigned_abs();
    let sign = if units < 0 { "-" } else { "" };
    write!(f, "{sign}{}.{:0width$}", magnitude / one, magnitude % one, width = places as usize)
}

/// The units of a decimal, or an error where they would have to be rounded.
pub(crate) fn from_decimal(decimal: Decimal, places: u32) -> Result<i128, AmountError> {
    let (mantissa, scale) = (decimal.mantissa(), decimal.scale());
    if scale <= places {
        return mantissa.checked_mul(one(places - scale)).ok_or(AmountError::Overflow);
    }
    let excess = one(scale - places);
    if mantissa % excess == 0 {
        Ok(mantissa / excess)
    } else {
        Err(AmountError::Inexact(decimal.to_string()))
    }
}

/// The decimal of scale `places` that equals the units; beyond 96 bits there is none.
pub(crate) fn to_decimal(units: i128, places: u32) -> Result<Decimal, AmountError> {
    Decimal::try_from_i128_with_scale(units, places).map_err(|_| AmountError::Overflow)
}

/// Serialises a number as its decimal text and reads it back, so that no reader meets a float.
macro_rules! as_text {
    ($number:ty) => {
        impl serde::Serialize for $number {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $number {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use as_text;
