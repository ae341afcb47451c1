//! The schemas that Kafka Connect's JSON converter writes beside each message where it is told to.

use serde_json::{Value as Json, json};

use super::table::{Column, Kind, Table};
use super::value::{Decimals, Value};

const SNAPSHOT: &str = "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental";

/// A message key's schema, as text: the key's bytes decide over its partition.
pub(super) fn key(table: Table) -> String {
    let topic = table.topic();
    format!(
        r#"{{"type":"struct","fields":[{{"type":"string","optional":false,"name":"io.debezium.data.Uuid","version":1,"field":"id"}}],"optional":false,"name":"{topic}.Key"}}"#
    )
}

/// The schema of a full envelope.
pub(super) fn envelope(table: Table, columns: &[Column]) -> Json {
    json!({
        "type": "struct", "optional": false, "name": format!("{}.Envelope", table.topic()), "version": 2,
        "fields": [
            row(table, columns, "before"),
            row(table, columns, "after"),
            source(),
            {
                "type": "struct", "optional": true, "name": "event.block", "version": 1, "field": "transaction",
                "fields": [
                    plain("string", false, "id"),
                    plain("int64", false, "total_order"),
                    plain("int64", false, "data_collection_order"),
                ],
            },
            plain("string", false, "op"),
            plain("int64", true, "ts_ms"),
            plain("int64", true, "ts_us"),
            plain("int64", true, "ts_ns"),
        ],
    })
}

fn row(table: Table, columns: &[Column], name: &str) -> Json {
    let mut fields =
        vec![field(&Column { name: "id", kind: Kind::Uuid, optional: false, default: Value::Null })];
    fields.extend(columns.iter().map(field));
    let kind = format!("{}.Value", table.topic());
    json!({"type": "struct", "fields": fields, "optional": true, "name": kind, "field": name})
}

fn source() -> Json {
    json!({
        "type": "struct", "optional": false, "name": "io.debezium.connector.postgresql.Source", "version": 1,
        "field": "source",
        "fields": [
            plain("string", false, "version"),
            plain("string", false, "connector"),
            plain("string", false, "name"),
            plain("int64", false, "ts_ms"),
            {
                "type": "string", "optional": true, "name": "io.debezium.data.Enum", "version": 1,
                "parameters": {"allowed": SNAPSHOT}, "default": "false", "field": "snapshot",
            },
            plain("string", false, "db"),
            plain("string", true, "sequence"),
            plain("int64", true, "ts_us"),
            plain("int64", true, "ts_ns"),
            plain("string", false, "schema"),
            plain("string", false, "table"),
            plain("int64", true, "txId"),
            plain("int64", true, "lsn"),
            plain("int64", true, "xmin"),
            plain("string", true, "origin"),
            plain("int64", true, "origin_lsn"),
        ],
    })
}

fn plain(kind: &str, optional: bool, name: &str) -> Json {
    json!({"type": kind, "optional": optional, "field": name})
}

fn field(column: &Column) -> Json {
    let (kind, name) = match column.kind {
        Kind::Uuid => ("string", Some("io.debezium.data.Uuid")),
        Kind::Text => ("string", None),
        Kind::Int => ("int32", None),
        Kind::Date => ("int32", Some("io.debezium.time.Date")),
        Kind::Instant => ("string", Some("io.debezium.time.ZonedTimestamp")),
        Kind::Numeric => ("bytes", Some("org.apache.kafka.connect.data.Decimal")),
        Kind::Json => ("string", Some("io.debezium.data.Json")),
    };
    let mut field = plain(kind, column.optional, column.name);
    if let Some(name) = name {
        field["name"] = json!(name);
        field["version"] = json!(1);
    }
    if column.kind == Kind::Numeric {
        field["parameters"] = json!({"scale": "10", "connect.decimal.precision": "20"});
    }
    if column.default != Value::Null {
        field["default"] = column.default.to_json(Decimals::Precise);
    }
    field
}
