//! A message of Debezium, understood or refused: one pure function, [`decode`].

mod decimal;
mod envelope;
mod fields;
mod refusal;
mod rows;
mod time;

use chrono::{DateTime, Utc};
use runtime::settings::ColumnMap;
use uuid::Uuid;

pub use envelope::{Op, Origin, Skip};
pub use refusal::{Code, Refusal};
pub use rows::{AdoptionRow, BeatRow, Cell, FromRow, REDACTED, ReferralRow, UserRow};

use envelope::{Envelope, Shape};
use fields::{Fields, text};
use rows::Row;

/// What a topic's messages are read by.
#[derive(Debug, Clone)]
pub struct Format {
    /// Our fields whose column has another name upstream.
    pub columns: ColumnMap,
    /// Scale of a precise decimal that comes without schema.
    pub price_scale: i32,
    /// Whether phone numbers are kept; else each counts as NULL.
    pub keep_phones: bool,
    /// Longer values are refused.
    pub max_bytes: usize,
}

/// A message that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decoded<R> {
    /// A row changed.
    Change(Change<R>),
    /// A null value, for Kafka's compaction after a delete.
    Tombstone,
    /// No row.
    Skip(Skip),
}

/// A change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<R> {
    /// Upstream primary key.
    pub id: Uuid,
    /// What happened.
    pub op: Op,
    /// What read it.
    pub origin: Origin,
    /// When it was committed upstream.
    pub source_time: Option<DateTime<Utc>>,
    /// The row after the change; None for a delete.
    pub row: Option<R>,
}

/// Reads a message of the table of `R`.
pub fn decode<R: FromRow>(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    format: &Format,
) -> Result<Decoded<R>, Refusal> {
    let Some(value) = value else { return Ok(Decoded::Tombstone) };
    if value.is_empty() {
        return Err(Refusal::new(Code::Empty));
    }
    if value.len() > format.max_bytes {
        return Err(Refusal::new(Code::Oversized).because(format!("{} bytes", value.len())));
    }
    let value = std::str::from_utf8(value).map_err(|_| Refusal::new(Code::NotUtf8))?;
    match envelope::shape(value)? {
        Shape::Tombstone => Ok(Decoded::Tombstone),
        Shape::Skip(skip) => Ok(Decoded::Skip(skip)),
        Shape::Row(envelope) => {
            let id = key_id(key, format)?;
            change(id, envelope, format).map(Decoded::Change).map_err(|refusal| refusal.about(id))
        }
    }
}

fn change<R: FromRow>(id: Uuid, envelope: Envelope<'_>, format: &Format) -> Result<Change<R>, Refusal> {
    let Envelope { op, origin, source_ms, row, schema } = envelope;
    let row = match row {
        None => None,
        Some(fields) => {
            let Format { columns, price_scale, keep_phones, .. } = format;
            let row = Row { fields, columns, schema, price_scale: *price_scale, keep_phones: *keep_phones };
            if row.value("id").is_some_and(|value| parse_id(value) != Some(id)) {
                return Err(Refusal::field(Code::KeyMismatch, row.column("id")));
            }
            Some(R::from_row(&row)?)
        }
    };
    let source_time = source_ms.and_then(DateTime::from_timestamp_millis);
    Ok(Change { id, op, origin, source_time, row })
}

/// The key's id: all that is told of a deleted row.
fn key_id(key: Option<&[u8]>, format: &Format) -> Result<Uuid, Refusal> {
    let key = key.filter(|key| !key.is_empty()).ok_or_else(|| Refusal::new(Code::NoKey))?;
    let bad = || Refusal::field(Code::BadField, "key");
    let key = std::str::from_utf8(key).map_err(|_| bad())?;
    let fields = Fields::parse(key).map_err(|_| bad())?;
    let fields = envelope::unwrap(fields)?.0.ok_or_else(|| Refusal::new(Code::NoKey))?;
    let column = format.columns.get("id").map_or("id", String::as_str);
    let id = fields.some(column).ok_or_else(|| Refusal::field(Code::MissingField, column))?;
    parse_id(id).ok_or_else(|| Refusal::field(Code::BadField, column))
}

/// A UUID, or an integer as a UUID of that value (a heartbeat table's key).
fn parse_id(value: &serde_json::value::RawValue) -> Option<Uuid> {
    match text(value) {
        Some(text) => Uuid::try_parse(&text).ok(),
        None => value.get().parse().ok().map(Uuid::from_u128),
    }
}
