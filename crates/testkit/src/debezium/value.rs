//! Values of columns, and how the converters write them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value as Json, json};
use uuid::Uuid;

/// What stands in place of a text that is stored out of line and that an update did not touch.
pub(super) const UNAVAILABLE: &str = "__debezium_unavailable_value";
/// Longer texts are stored out of line. (For a server's limit of 2 kB a row, texts here are never compressed.)
const LONGEST_IN_LINE: usize = 2_000;
/// Days since 1970 of `infinity` and `-infinity`: they overflowed on their way.
const INFINITE_DAYS: [i64; 2] = [-2_147_472_692, -2_147_472_691];

/// A column's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// NULL
    Null,
    /// `uuid`
    Uuid(Uuid),
    /// `text`, `varchar`
    Text(String),
    /// `int`
    Int(i32),
    /// `date`
    Date(Day),
    /// `timestamptz`
    Instant(Instant),
    /// `numeric(20,10)`
    Numeric(Numeric),
    /// `jsonb`, as it prints itself
    Json(String),
}

/// A `date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// A day of the calendar.
    At(NaiveDate),
    /// `infinity`
    Infinity,
    /// `-infinity`
    MinusInfinity,
}

/// A `timestamptz`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instant {
    /// An instant, to the microsecond.
    At(DateTime<Utc>),
    /// `infinity`
    Infinity,
    /// `-infinity`
    MinusInfinity,
}

/// A `numeric(20,10)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numeric {
    /// So many units of 10⁻¹⁰.
    Units(i128),
    /// `NaN`
    NaN,
}

/// `decimal.handling.mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decimals {
    /// `string`
    Text,
    /// `precise`
    Precise,
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether an update that leaves it alone does not log it.
    pub(super) fn is_out_of_line(&self) -> bool {
        self.as_text().is_some_and(|text| text.len() > LONGEST_IN_LINE)
    }

    pub(super) fn to_json(&self, decimals: Decimals) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Uuid(id) => json!(id),
            Self::Text(text) | Self::Json(text) => json!(text),
            Self::Int(number) => json!(number),
            Self::Date(Day::At(day)) => json!(day.signed_duration_since(NaiveDate::default()).num_days()),
            Self::Date(Day::Infinity) => json!(INFINITE_DAYS[0]),
            Self::Date(Day::MinusInfinity) => json!(INFINITE_DAYS[1]),
            Self::Instant(Instant::At(instant)) => {
                json!(instant.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string())
            }
            Self::Instant(Instant::Infinity) => json!("infinity"),
            Self::Instant(Instant::MinusInfinity) => json!("-infinity"),
            Self::Numeric(numeric) => numeric.to_json(decimals),
        }
    }
}

impl Numeric {
    fn to_json(self, decimals: Decimals) -> Json {
        match (self, decimals) {
            (Self::Units(_), Decimals::Text) => json!(self.to_string()),
            (Self::Units(units), Decimals::Precise) => json!(BASE64.encode(shortest(units))),
            (Self::NaN, Decimals::Text) => json!("NAN"),
            (Self::NaN, Decimals::Precise) => Json::Null,
        }
    }
}

/// As `PostgreSQL` prints it.
impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Units(units) = self else { return f.write_str("NaN") };
        let (sign, size) = (if *units < 0 { "-" } else { "" }, units.unsigned_abs());
        let one = 10_u128.pow(10);
        write!(f, "{sign}{}.{:010}", size / one, size % one)
    }
}

/// Big-endian two's complement in as few bytes as hold it.
fn shortest(number: i128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let sign = if number < 0 { 0xFF } else { 0x00 };
    let idle = bytes.windows(2).take_while(|pair| pair[0] == sign && (pair[0] ^ pair[1]) & 0x80 == 0).count();
    bytes[idle..].to_vec()
}
