//! Messages as the connectors of the captures write them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::log::partition_of;
use super::row::{Row, What};
use super::schema;
use super::table::{Column, Table};
use super::value::{Decimals, UNAVAILABLE};

/// A connector's settings, as in the captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Capture a: without schemas, decimals as strings.
    Plain,
    /// Capture b: with schemas, decimals precise.
    WithSchemas,
    /// Capture d: flattened by `ExtractNewRecordState`, without schemas, decimals as strings.
    Flattened,
}

/// A message in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whose topic it is in.
    pub table: Table,
    /// Partition of the topic.
    pub partition: i32,
    /// Key.
    pub key: String,
    /// Value; None: a tombstone.
    pub value: Option<String>,
    /// Whether an incremental snapshot read the row.
    pub(super) incremental: bool,
}

/// Where a change comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    /// The marker `snapshot`.
    pub(super) snapshot: &'static str,
    pub(super) last_commit: Option<u64>,
    /// Where the connector is in the log.
    pub(super) position: Option<u64>,
    pub(super) lsn: Option<u64>,
    pub(super) xid: Option<u32>,
    pub(super) at: DateTime<Utc>,
}

/// Of one table at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) format: Format,
    pub(super) table: Table,
    pub(super) columns: &'a [Column],
}

impl Writer<'_> {
    /// What a change in the log becomes.
    pub(super) fn change(&self, what: &What, source: Source) -> Vec<Message> {
        match what {
            What::Insert(row) => vec![self.row("c", row, &[], source)],
            What::Update { old, row, unlogged } if *old == row.id => {
                vec![self.row("u", row, unlogged, source)]
            }
            What::Update { old, row, unlogged } => {
                let mut messages = self.delete(*old, source);
                messages.push(self.row("c", row, unlogged, source));
                messages
            }
            What::Delete(id) => self.delete(*id, source),
        }
    }

    /// A row as it is after `op`; the `unlogged` columns are left out.
    pub(super) fn row(&self, op: &str, row: &Row, unlogged: &[&str], source: Source) -> Message {
        let mut after = Map::from_iter([("id".to_owned(), json!(row.id))]);
        for column in self.columns {
            let value = if unlogged.contains(&column.name) {
                json!(UNAVAILABLE)
            } else {
                row.get(column.name).to_json(self.decimals())
            };
            after.insert(column.name.to_owned(), value);
        }
        self.message(row.id, Some(self.value(op, None, Some(after), source)), source)
    }

    /// The delete, and a tombstone unless it is flattened away.
    fn delete(&self, id: Uuid, source: Source) -> Vec<Message> {
        let mut before = Map::from_iter([("id".to_owned(), json!(id))]);
        let columns = self.columns.iter();
        before.extend(
            columns.map(|column| (column.name.to_owned(), column.made_up().to_json(self.decimals()))),
        );
        let delete = self.message(id, Some(self.value("d", Some(before), None, source)), source);
        match self.format {
            Format::Flattened => vec![delete],
            Format::Plain | Format::WithSchemas => vec![delete, self.message(id, None, source)],
        }
    }

    fn message(&self, id: Uuid, value: Option<Json>, source: Source) -> Message {
        let mut key = format!(r#"{{"id":"{id}"}}"#);
        if self.format == Format::WithSchemas {
            key = format!(r#"{{"schema":{},"payload":{key}}}"#, schema::key(self.table));
        }
        Message {
            table: self.table,
            partition: partition_of(&key),
            key,
            value: value.map(|value| value.to_string()),
            incremental: source.snapshot == "incremental",
        }
    }

    fn value(
        &self,
        op: &str,
        before: Option<Map<String, Json>>,
        after: Option<Map<String, Json>>,
        source: Source,
    ) -> Json {
        if self.format == Format::Flattened {
            return self.flattened(op, before, after, source);
        }
        let [ms, us, ns] = times(source.at + TimeDelta::microseconds(3_141));
        let value = json!({
            "before": before, "after": after, "source": self.source(source), "transaction": null, "op": op,
            "ts_ms": ms, "ts_us": us, "ts_ns": ns,
        });
        match self.format {
            Format::WithSchemas => {
                json!({"schema": schema::envelope(self.table, self.columns), "payload": value})
            }
            Format::Plain | Format::Flattened => value,
        }
    }

    fn flattened(
        &self,
        op: &str,
        before: Option<Map<String, Json>>,
        after: Option<Map<String, Json>>,
        source: Source,
    ) -> Json {
        let deleted = if after.is_none() { "true" } else { "false" };
        let mut value = after.or(before).unwrap_or_default();
        value.extend([
            ("__deleted".to_owned(), json!(deleted)),
            ("__op".to_owned(), json!(op)),
            ("__lsn".to_owned(), json!(source.lsn)),
            ("__source_ts_ms".to_owned(), json!(source.at.timestamp_millis())),
            ("__table".to_owned(), json!(self.table.name())),
        ]);
        Json::Object(value)
    }

    fn source(&self, source: Source) -> Json {
        let [ms, us, ns] = times(source.at);
        let places = [source.last_commit, source.position].map(|place| place.map(|lsn| lsn.to_string()));
        json!({
            "version": "3.6.1.Final", "connector": "postgresql", "name": "dbserver1", "ts_ms": ms,
            "snapshot": source.snapshot, "db": "upstream", "sequence": json!(places).to_string(), "ts_us": us,
            "ts_ns": ns, "schema": self.table.schema(), "table": self.table.name(), "txId": source.xid,
            "lsn": source.lsn, "xmin": null, "origin": null, "origin_lsn": null,
        })
    }

    fn decimals(&self) -> Decimals {
        match self.format {
            Format::WithSchemas => Decimals::Precise,
            Format::Plain | Format::Flattened => Decimals::Text,
        }
    }
}

/// Milli-, micro- and nanoseconds since 1970.
fn times(at: DateTime<Utc>) -> [i64; 3] {
    let us = at.timestamp_micros();
    [us.div_euclid(1_000), us, us * 1_000]
}
