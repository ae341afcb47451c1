//! A row, and what the log tells of rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::table::{Column, Table};
use super::value::Value;

/// Columns by name.
pub type Values = BTreeMap<&'static str, Value>;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its key.
    pub id: Uuid,
    /// Its other columns; one that is not here is NULL.
    pub values: Values,
}

impl Row {
    /// A row of these columns.
    pub fn new(id: Uuid, values: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        Self { id, values: values.into_iter().collect() }
    }

    /// The value of a column.
    pub fn get(&self, column: &str) -> &Value {
        self.values.get(column).unwrap_or(&Value::Null)
    }

    /// `account_sequence`
    pub fn account(&self) -> &str {
        self.get("account_sequence").as_text().unwrap_or_default()
    }
}

/// What one transaction wrote, as a connector reads it at its commit.
#[derive(Debug)]
pub(super) struct Commit {
    pub(super) xid: u32,
    pub(super) at: DateTime<Utc>,
    /// Where the log went on behind the commit.
    pub(super) end: u64,
    pub(super) changes: Vec<Change>,
}

/// A change of a row in the log.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) table: Table,
    /// The table's columns at that time.
    pub(super) columns: Arc<[Column]>,
    pub(super) lsn: u64,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Insert(Row),
    /// `unlogged`: the columns that were out of line and not touched.
    Update {
        old: Uuid,
        row: Row,
        unlogged: Vec<&'static str>,
    },
    Delete(Uuid),
}

/// What a snapshot reads.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The slot's consistent point.
    pub(super) lsn: u64,
    pub(super) xid: u32,
    /// Each table with its columns and its rows, as they lie.
    pub(super) tables: Vec<(Table, Arc<[Column]>, Vec<Row>)>,
}
