//! `contribution_per_tree` in the ways in which Debezium can write a decimal; exact, or refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::{Amount, SourcePrice};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::RowSchema;
use super::fields::{Fields, text};
use super::refusal::{Code, Refusal};

/// Places of an [`Amount`].
const PLACES: i32 = 10;
/// `DECIMAL(20,10)` holds less than this many units of 10⁻¹⁰.
const LIMIT: i128 = 10_i128.pow(20);

/// How a column's decimals are written.
enum Written {
    /// As text, `decimal.handling.mode=string`.
    Text,
    /// base64 of the unscaled number, big-endian two's complement; `precise` with this scale.
    Unscaled(i32),
    /// As the value's own form tells; what fits both forms is refused. `scale` is the one agreed on for base64.
    Unknown { scale: i32 },
}

/// Reads `value`, which is not null.
pub(super) fn price(
    value: &RawValue,
    column: &str,
    schema: RowSchema<'_>,
    scale_without_schema: i32,
) -> Result<SourcePrice, Refusal> {
    let bad = || Refusal::field(Code::BadField, column);
    match value.get().as_bytes().first() {
        Some(b'{') => unconstrained(value, column),
        Some(b'"') => {
            let text = text(value).ok_or_else(bad)?;
            match written(column, schema, scale_without_schema)? {
                Written::Text => from_text(&text).ok_or_else(bad),
                Written::Unscaled(scale) => from_base64(&text, scale).ok_or_else(bad),
                Written::Unknown { scale } => match (from_text(&text), from_base64(&text, scale)) {
                    (Some(price @ SourcePrice::Unstorable(_)), Some(_)) if not_a_number(&text) => Ok(price),
                    (Some(_), Some(_)) => Err(Refusal::field(Code::DecimalAmbiguous, column)),
                    (Some(price), None) | (None, Some(price)) => Ok(price),
                    (None, None) => Err(bad()),
                },
            }
        }
        Some(b'-' | b'0'..=b'9') => Err(Refusal::field(Code::DecimalDouble, column)),
        _ => Err(bad()),
    }
}

/// An unconstrained numeric in precise mode: `{"scale":2,"value":"base64"}`.
fn unconstrained(value: &RawValue, column: &str) -> Result<SourcePrice, Refusal> {
    let bad = || Refusal::field(Code::BadField, column);
    let parts = Fields::parse(value.get()).map_err(|_| bad())?;
    let scale = parts.integer("scale").and_then(|scale| i32::try_from(scale).ok()).ok_or_else(bad)?;
    let unscaled = parts.text("value").ok_or_else(bad)?;
    from_base64(&unscaled, scale).ok_or_else(bad)
}

fn not_a_number(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "nan" | "infinity" | "-infinity")
}

/// Decimal text, with an exponent too; None: no number. NaN and infinities cannot be stored.
fn from_text(text: &str) -> Option<SourcePrice> {
    if not_a_number(text) {
        return Some(SourcePrice::Unstorable(text.to_owned()));
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !all_digits || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    let unscaled = format!("{whole}{fraction}");
    let storable = match unscaled.trim_start_matches('0') {
        "" => Some(0),
        digits => digits.parse::<i128>().ok().and_then(|number| to_units(number, places)),
    };
    Some(match storable {
        Some(units) => SourcePrice::Priced(Amount::from_units(if negative { -units } else { units })),
        None => SourcePrice::Unstorable(shortened(text)),
    })
}

fn from_base64(text: &str, scale: i32) -> Option<SourcePrice> {
    let bytes = BASE64.decode(text).ok()?;
    let first = *bytes.first()?;
    let filler = if first & 0x80 == 0 { 0x00 } else { 0xFF };
    let Some(room) = 16_usize.checked_sub(bytes.len()) else {
        return Some(SourcePrice::Unstorable(shortened(&format!("base64 {text}, scale {scale}"))));
    };
    let mut wide = [filler; 16];
    wide[room..].copy_from_slice(&bytes);
    let unscaled = i128::from_be_bytes(wide);
    Some(match to_units(unscaled, scale) {
        Some(units) => SourcePrice::Priced(Amount::from_units(units)),
        None => SourcePrice::Unstorable(shortened(&format!("{unscaled}e{}", -i64::from(scale)))),
    })
}

/// `unscaled` × 10^-`places` in units of 10⁻¹⁰; None if `DECIMAL(20,10)` cannot hold it exactly.
fn to_units(unscaled: i128, places: i32) -> Option<i128> {
    if unscaled == 0 {
        return Some(0);
    }
    let shift = PLACES.checked_sub(places)?;
    let power = 10_i128.checked_pow(shift.unsigned_abs())?;
    let units = match shift {
        0.. => unscaled.checked_mul(power)?,
        _ if unscaled % power == 0 => unscaled / power,
        _ => return None,
    };
    (units > -LIMIT && units < LIMIT).then_some(units)
}

/// The raw text stands in a reason that people read.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The part of Kafka Connect's JSON schema that tells how a column is written.
#[derive(Deserialize)]
struct Schema<'a> {
    #[serde(rename = "type", default)]
    kind: Option<&'a str>,
    #[serde(default)]
    name: Option<&'a str>,
    #[serde(default)]
    field: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, borrow)]
    fields: Vec<Schema<'a>>,
    #[serde(default)]
    parameters: Option<Parameters<'a>>,
}

#[derive(Deserialize)]
struct Parameters<'a> {
    #[serde(default)]
    scale: Option<&'a str>,
}

impl Schema<'_> {
    fn find(&self, name: &str) -> Option<&Self> {
        self.fields.iter().find(|field| field.field.as_deref() == Some(name))
    }
}

fn written(column: &str, schema: RowSchema<'_>, scale_without_schema: i32) -> Result<Written, Refusal> {
    let (raw, nested) = match schema {
        RowSchema::None => return Ok(Written::Unknown { scale: scale_without_schema }),
        RowSchema::After(raw) => (raw, true),
        RowSchema::Flat(raw) => (raw, false),
    };
    let bad = || Refusal::field(Code::BadField, "schema");
    let schema: Schema<'_> = serde_json::from_str(raw.get()).map_err(|_| bad())?;
    let row = if nested { schema.find("after") } else { Some(&schema) };
    let field = row.and_then(|row| row.find(column)).ok_or_else(bad)?;
    match (field.kind, field.name) {
        (Some("string"), _) => Ok(Written::Text),
        (Some("bytes"), Some("org.apache.kafka.connect.data.Decimal")) => {
            let scale = field.parameters.as_ref().and_then(|parameters| parameters.scale);
            Ok(Written::Unscaled(scale.and_then(|scale| scale.parse().ok()).ok_or_else(bad)?))
        }
        (Some("double" | "float" | "float32" | "float64"), _) => {
            Err(Refusal::field(Code::DecimalDouble, column))
        }
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRECISE: i32 = 10;

    fn read(json: &str) -> Result<SourcePrice, Code> {
        let raw: &RawValue = serde_json::from_str(json).expect("JSON");
        price(raw, "price", RowSchema::None, PRECISE).map_err(|refusal| refusal.code)
    }

    fn units(units: i128) -> SourcePrice {
        SourcePrice::Priced(Amount::from_units(units))
    }

    fn unstorable(text: &str) -> SourcePrice {
        SourcePrice::Unstorable(text.to_owned())
    }

    #[test]
    fn text_is_exact_to_ten_places() {
        assert_eq!(read(r#""22617.0000000000""#), Ok(units(226_170_000_000_000)));
        assert_eq!(read(r#""-0.0000000001""#), Ok(units(-1)));
        assert_eq!(read(r#""9999999999.9999999999""#), Ok(units(LIMIT - 1)));
        assert_eq!(read(r#""1.50000000000000""#), Ok(units(15_000_000_000)));
        assert_eq!(read(r#""1E-10""#), Ok(units(1)));
        assert_eq!(read(r#""0E-20""#), Ok(units(0)));
    }

    #[test]
    fn what_the_column_cannot_hold_keeps_its_text() {
        for text in ["NAN", "NaN", "Infinity", "10000000000.0", "0.00000000001", "1e400", "1e-400"] {
            assert_eq!(read(&format!("\"{text}\"")), Ok(unstorable(text)), "{text}");
        }
        assert!(matches!(read(&format!("\"{}.5\"", "9".repeat(200))), Ok(SourcePrice::Unstorable(_))));
    }

    #[test]
    fn base64_is_twos_complement() {
        assert_eq!(read(r#""/w==""#), Ok(units(-1)));
        assert_eq!(read(r#""BWvHXi1jD///""#), Ok(units(LIMIT - 1)));
        assert_eq!(read(r#"{"scale":2,"value":"AQ=="}"#), Ok(units(100_000_000)));
        assert_eq!(read(r#"{"scale":-1,"value":"AQ=="}"#), Ok(units(100_000_000_000)));
        assert_eq!(read(r#"{"scale":11,"value":"AQ=="}"#), Ok(unstorable("1e-11")));
    }

    #[test]
    fn what_is_not_exact_or_not_clear_is_refused() {
        assert_eq!(read("22617.0"), Err(Code::DecimalDouble));
        assert_eq!(read(r#""2261""#), Err(Code::DecimalAmbiguous));
        for json in ["true", "[]", r#""""#, r#""abc.""#, r#""1.2.3""#, r#""--1""#, r#""-""#, r#""é""#] {
            assert_eq!(read(json), Err(Code::BadField), "{json}");
        }
    }
}
