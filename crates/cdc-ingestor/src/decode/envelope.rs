//! Debezium's forms of a change, brought to one: with and without `schema`, full and flattened.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::fields::{Fields, Text, text};
use super::refusal::{Code, Refusal};

/// What happened to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `c`
    Create,
    /// `u`
    Update,
    /// `d`
    Delete,
    /// `r`: a snapshot read it.
    Read,
}

impl Op {
    /// Debezium's letter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "c",
            Self::Update => "u",
            Self::Delete => "d",
            Self::Read => "r",
        }
    }
}

/// What read the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The upstream's log, at this lsn.
    Stream {
        /// Position in the log; falls along a topic where transactions interleave.
        lsn: i64,
    },
    /// The initial snapshot, or one like it.
    FullSnapshot {
        /// The slot's consistent point; above the lsn of transactions that were open then.
        lsn: i64,
        /// The topic's last row.
        last: bool,
    },
    /// An incremental snapshot: no lsn, the order in Kafka is all there is.
    IncrementalSnapshot,
}

/// A message that carries no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// `t`: which rows are gone is not told, and the connector leaves it out by default.
    Truncate,
    /// `m`: a logical message.
    Message,
    /// Of the connector itself; it proves nothing about the log.
    Heartbeat,
    /// BEGIN or END.
    Transaction,
    /// Of a schema history.
    SchemaChange,
}

impl Skip {
    /// A metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Truncate => "t",
            Self::Message => "m",
            Self::Heartbeat => "heartbeat",
            Self::Transaction => "transaction",
            Self::SchemaChange => "schema",
        }
    }
}

/// A change of a row, before its columns are looked at.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    pub(super) op: Op,
    pub(super) origin: Origin,
    /// Source time in milliseconds since 1970.
    pub(super) source_ms: Option<i64>,
    /// The row after the change; none for a delete, whose columns are made up but for the key.
    pub(super) row: Option<Fields<'a>>,
    /// Where a schema tells the type of the row's columns.
    pub(super) schema: RowSchema<'a>,
}

/// Where the types of a row's columns are found.
#[derive(Debug, Clone, Copy)]
pub(super) enum RowSchema<'a> {
    /// Messages come without.
    None,
    /// In the struct `after` of this schema.
    After(&'a RawValue),
    /// In this schema itself.
    Flat(&'a RawValue),
}

/// A message's value.
#[derive(Debug)]
pub(super) enum Shape<'a> {
    Row(Envelope<'a>),
    Tombstone,
    Skip(Skip),
}

/// Takes `{schema, payload}` off; gives the schema beside what was within.
pub(super) fn unwrap(fields: Fields<'_>) -> Result<(Option<Fields<'_>>, Option<&RawValue>), Refusal> {
    if !(fields.has("schema") && fields.has("payload")) || fields.has("op") || fields.has("__op") {
        return Ok((Some(fields), None));
    }
    let schema = fields.some("schema");
    let Some(payload) = fields.some("payload") else { return Ok((None, schema)) };
    let within = Fields::parse(payload.get()).map_err(|_| Refusal::field(Code::BadJson, "payload"))?;
    Ok((Some(within), schema))
}

/// Almost every message: a full envelope, read in one pass. What is not like this is looked at field by field.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    payload: Option<Full<'a>>,
    op: Option<Text<'a>>,
    source: Option<Source<'a>>,
    after: Option<Fields<'a>>,
}

#[derive(Deserialize)]
struct Full<'a> {
    #[serde(borrow)]
    op: Text<'a>,
    source: Source<'a>,
    after: Option<Fields<'a>>,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    snapshot: Option<&'a RawValue>,
    lsn: Option<&'a RawValue>,
    ts_ms: Option<i64>,
}

impl<'a> Message<'a> {
    fn parse(json: &'a str) -> Option<(Full<'a>, Option<&'a RawValue>)> {
        let Message { schema, payload, op, source, after } = serde_json::from_str(json).ok()?;
        match (payload, op, source) {
            (None, Some(op), Some(source)) => Some((Full { op, source, after }, None)),
            (Some(full), None, None) => Some((full, schema)),
            _ => None,
        }
    }
}

pub(super) fn shape(json: &str) -> Result<Shape<'_>, Refusal> {
    if let Some((full, schema)) = Message::parse(json) {
        return full.shape(schema);
    }
    if json.trim_ascii() == "null" {
        return Ok(Shape::Tombstone);
    }
    let fields =
        Fields::parse(json).map_err(|error| Refusal::new(Code::BadJson).because(position(&error)))?;
    let (fields, schema) = unwrap(fields)?;
    let Some(fields) = fields else { return Ok(Shape::Tombstone) };
    if fields.some("source").is_some() && fields.has("op") {
        return Full::of(&fields)?.shape(schema);
    }
    if fields.has("__op") || fields.has("__deleted") {
        return flattened(fields, schema);
    }
    let known = if fields.has("status") && fields.has("event_count") {
        Some(Skip::Transaction)
    } else if fields.has("historyRecord") || fields.has("tableChanges") {
        Some(Skip::SchemaChange)
    } else if fields.has("ts_ms") && !fields.has("op") {
        Some(Skip::Heartbeat)
    } else {
        None
    };
    known.map(Shape::Skip).ok_or_else(|| Refusal::new(Code::UnknownShape))
}

/// Where the JSON breaks, without quoting it.
fn position(error: &serde_json::Error) -> String {
    format!("line {}, column {}", error.line(), error.column())
}

impl<'a> Full<'a> {
    fn of(fields: &Fields<'a>) -> Result<Self, Refusal> {
        let op = fields.text("op").ok_or_else(|| Refusal::new(Code::UnknownOp))?;
        let source = fields.some("source").ok_or_else(|| Refusal::field(Code::MissingField, "source"))?;
        let bad = |name| move |_| Refusal::field(Code::BadField, name);
        let source = serde_json::from_str(source.get()).map_err(bad("source"))?;
        let after = fields.some("after").map(|after| Fields::parse(after.get()).map_err(bad("after")));
        Ok(Self { op: Text(op), source, after: after.transpose()? })
    }

    fn shape(self, schema: Option<&'a RawValue>) -> Result<Shape<'a>, Refusal> {
        let op = match read_op(Some(&*self.op.0))? {
            Ok(op) => op,
            Err(skip) => return Ok(Shape::Skip(skip)),
        };
        let Source { snapshot, lsn, ts_ms } = self.source;
        let origin = origin(op, snapshot, lsn, "source.lsn")?;
        if op != Op::Delete && self.after.is_none() {
            return Err(Refusal::field(Code::MissingField, "after"));
        }
        let row = self.after.filter(|_| op != Op::Delete);
        let schema = schema.map_or(RowSchema::None, RowSchema::After);
        Ok(Shape::Row(Envelope { op, origin, source_ms: ts_ms, row, schema }))
    }
}

/// The form of `ExtractNewRecordState` with `add.fields=op,lsn,source.ts_ms` and deletes rewritten.
fn flattened<'a>(fields: Fields<'a>, schema: Option<&'a RawValue>) -> Result<Shape<'a>, Refusal> {
    let deleted = fields.get("__deleted").is_some_and(|value| matches!(value.get(), "\"true\"" | "true"));
    let op = match fields.text("__op") {
        None if deleted => Op::Delete,
        None => Op::Update,
        Some(op) => match read_op(Some(&*op))? {
            Ok(_) if deleted => Op::Delete,
            Ok(op) => op,
            Err(skip) => return Ok(Shape::Skip(skip)),
        },
    };
    let lsn = fields.get("__lsn").or_else(|| fields.get("__source_lsn"));
    let origin = origin(op, fields.get("__source_snapshot"), lsn, "__lsn")?;
    let source_ms = fields.integer("__source_ts_ms");
    let row = (op != Op::Delete).then_some(fields);
    let schema = schema.map_or(RowSchema::None, RowSchema::Flat);
    Ok(Shape::Row(Envelope { op, origin, source_ms, row, schema }))
}

fn read_op(op: Option<&str>) -> Result<Result<Op, Skip>, Refusal> {
    match op {
        Some("c") => Ok(Ok(Op::Create)),
        Some("u") => Ok(Ok(Op::Update)),
        Some("d") => Ok(Ok(Op::Delete)),
        Some("r") => Ok(Ok(Op::Read)),
        Some("t") => Ok(Err(Skip::Truncate)),
        Some("m") => Ok(Err(Skip::Message)),
        _ => Err(Refusal::new(Code::UnknownOp)),
    }
}

/// Flattened rows have no marker: an `r` with an lsn is of a full snapshot, one without of an incremental one.
fn origin(
    op: Op,
    marker: Option<&RawValue>,
    lsn: Option<&RawValue>,
    lsn_name: &str,
) -> Result<Origin, Refusal> {
    let lsn = match lsn.map(RawValue::get) {
        None | Some("null") => None,
        Some(number) => match number.parse::<i64>() {
            Ok(lsn) if lsn >= 0 => Some(lsn),
            _ => return Err(Refusal::field(Code::BadField, lsn_name)),
        },
    };
    let word = marker.and_then(text);
    let marker = word.as_deref().unwrap_or(match marker.map(RawValue::get) {
        Some("true") => "true",
        _ => "false",
    });
    let last = matches!(marker, "last" | "last_in_data_collection");
    match (marker, op, lsn) {
        ("incremental", ..) | ("false", Op::Read, None) => Ok(Origin::IncrementalSnapshot),
        ("true" | "first" | "first_in_data_collection" | "last" | "last_in_data_collection", _, lsn) => {
            Ok(Origin::FullSnapshot { lsn: lsn.unwrap_or(0), last })
        }
        ("false", Op::Read, Some(lsn)) => Ok(Origin::FullSnapshot { lsn, last }),
        ("false", _, Some(lsn)) => Ok(Origin::Stream { lsn }),
        ("false", _, None) => Err(Refusal::field(Code::MissingField, lsn_name)),
        _ => Err(Refusal::field(Code::BadField, "source.snapshot")),
    }
}
