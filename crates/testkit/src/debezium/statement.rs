//! What was said to the database, as SQL: the same history can be told to a real one.

use uuid::Uuid;

use super::row::{Row, Values};
use super::table::{Column, Table};
use super::upstream::Tx;
use super::value::{Day, Instant, Value};

/// A statement that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// In which transaction; None: one of its own.
    pub tx: Option<Tx>,
    /// What was said.
    pub said: Said,
}

/// A statement's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A statement as it stands.
    Sql(String),
    /// COPY … FROM STDIN, and the rows in text format.
    Copy {
        /// The statement.
        sql: String,
        /// What follows it.
        rows: String,
    },
}

pub(super) fn insert(table: Table, row: &Row) -> String {
    let mut columns = vec!["id"];
    columns.extend(row.values.keys());
    let values: Vec<String> = row.values.values().map(literal).collect();
    let (columns, table) = (columns.join(", "), name(table));
    format!(
        "INSERT INTO {table} ({columns}) VALUES ({})",
        [vec![format!("'{}'", row.id)], values].concat().join(", ")
    )
}

pub(super) fn copy<'a>(table: Table, columns: &[Column], rows: impl Iterator<Item = &'a Row>) -> Said {
    let names: Vec<&str> = std::iter::once("id").chain(columns.iter().map(|column| column.name)).collect();
    let field = |value: &Value| text(value).map_or("\\N".to_owned(), |text| escape(&text));
    let line = |row: &Row| {
        let fields = columns.iter().map(|column| field(row.get(column.name)));
        let fields: Vec<String> = std::iter::once(row.id.to_string()).chain(fields).collect();
        fields.join("\t") + "\n"
    };
    Said::Copy {
        sql: format!("COPY {} ({}) FROM STDIN", name(table), names.join(", ")),
        rows: rows.map(line).collect(),
    }
}

pub(super) fn update(table: Table, old: Uuid, id: Uuid, set: &Values) -> String {
    let mut assignments: Vec<String> =
        set.iter().map(|(column, value)| format!("{column} = {}", literal(value))).collect();
    if id != old || assignments.is_empty() {
        assignments.push(format!("id = '{id}'"));
    }
    format!("UPDATE {} SET {} WHERE id = '{old}'", name(table), assignments.join(", "))
}

pub(super) fn delete(table: Table, id: Uuid) -> String {
    format!("DELETE FROM {} WHERE id = '{id}'", name(table))
}

pub(super) fn truncate(table: Table) -> String {
    format!("TRUNCATE {}", name(table))
}

fn name(table: Table) -> String {
    format!("{}.{}", table.schema(), table.name())
}

fn literal(value: &Value) -> String {
    text(value).map_or("NULL".to_owned(), |text| format!("'{}'", text.replace('\'', "''")))
}

/// In COPY's text format.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

/// As the type's input function reads it; None: NULL.
fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Uuid(id) => id.to_string(),
        Value::Text(text) | Value::Json(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Date(Day::At(day)) => day.to_string(),
        Value::Instant(Instant::At(at)) => at.to_rfc3339(),
        Value::Date(Day::Infinity) | Value::Instant(Instant::Infinity) => "infinity".to_owned(),
        Value::Date(Day::MinusInfinity) | Value::Instant(Instant::MinusInfinity) => "-infinity".to_owned(),
        Value::Numeric(numeric) => numeric.to_string(),
    })
}
