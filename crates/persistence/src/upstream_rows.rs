//! Upstream's tables as a [`Side`] of a comparison: which columns there are, by the names of `[cdc.columns]`, and how
//! their values read as the ingestor would keep them.
//!
//! Another database than ours: its statements are checked when they run. Reads only; one round trip.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::Result;
use crate::reconcile::{ACCOUNT, Form, Side, Table, decimal, decimal_text, instant};

const KEY: &str = "id";

/// Why a table cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Incomparable {
    /// There is none of that name, or it may not be seen.
    #[error("there is no table {0}")]
    NoTable(String),
    /// Rows are found by their id on both sides.
    #[error("{table} has no column {column} that holds UUIDs")]
    NoKey {
        /// The table.
        table: String,
        /// The column that should.
        column: String,
    },
    /// Whatever else a table has, it has accounts.
    #[error("{table} has no column {column}: see [cdc.columns] in the settings")]
    NoAccount {
        /// The table.
        table: String,
        /// The column that should be there.
        column: String,
    },
}

/// A table upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
}

impl std::fmt::Display for Relation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}

/// The columns of a table and their types (a domain's is what it is made of); empty if there is no such table.
pub async fn columns(connection: &mut PgConnection, relation: &Relation) -> Result<BTreeMap<String, String>> {
    let rows: Vec<(String, String)> = sqlx::query_as(
        "SELECT a.attname::text, coalesce(b.typname, t.typname)::text
         FROM pg_attribute a
         JOIN pg_class c ON c.oid = a.attrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_type t ON t.oid = a.atttypid
         LEFT JOIN pg_type b ON b.oid = t.typbasetype
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
    )
    .bind(&relation.schema)
    .bind(&relation.table)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().collect())
}

/// The side of `relation`, which has the given `columns`; `named` are those that have another name than ours. A column
/// that is not there, or whose type the ingestor makes nothing of, is not compared.
pub fn side(
    table: Table,
    relation: &Relation,
    columns: &BTreeMap<String, String>,
    named: &BTreeMap<String, String>,
) -> std::result::Result<Side, Incomparable> {
    if columns.is_empty() {
        return Err(Incomparable::NoTable(relation.to_string()));
    }
    let column = |field: &str| named.get(field).map_or(field, String::as_str).to_owned();
    let key = column(KEY);
    let id = match columns.get(&key).map(String::as_str) {
        Some("uuid") => quoted(&key),
        Some("text" | "varchar" | "bpchar") => format!("{}::uuid", quoted(&key)),
        _ => return Err(Incomparable::NoKey { table: relation.to_string(), column: key }),
    };
    let account = column(ACCOUNT.name);
    if !columns.contains_key(&account) {
        return Err(Incomparable::NoAccount { table: relation.to_string(), column: account });
    }
    let fields = table.fields().iter().filter_map(|field| {
        let column = column(field.name);
        Some((field.name, text(field.form, &quoted(&column), columns.get(&column)?)?))
    });
    Ok(Side {
        from: format!("{}.{}", quoted(&relation.schema), quoted(&relation.table)),
        only: "TRUE",
        id,
        fields: fields.collect(),
    })
}

/// The column's name as upstream spells it, for a condition in SQL.
pub fn key_column(named: &BTreeMap<String, String>) -> String {
    quoted(named.get(KEY).map_or(KEY, String::as_str))
}

/// The text of a column, in the form in which the ingestor would keep its value; None: it keeps none of that type.
fn text(form: Form, column: &str, kind: &str) -> Option<String> {
    match (form, kind) {
        (Form::Integer, "int2" | "int4" | "int8") | (Form::Text | Form::Date, _) => {
            Some(format!("{column}::text"))
        }
        (Form::Price, "numeric") => Some(decimal(column)),
        (Form::Price, "text" | "varchar") => Some(decimal_text(column)),
        (Form::Instant, "timestamptz") => Some(instant(column)),
        (Form::Instant, "timestamp") => Some(instant(&format!("({column} AT TIME ZONE 'UTC')"))),
        (Form::Integer | Form::Price | Form::Instant, _) => None,
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn names_are_quoted_and_columns_that_are_not_there_left_out() {
        let relation = Relation { schema: "s".to_owned(), table: "t\"; DROP TABLE t; --".to_owned() };
        let columns = map(&[("key", "uuid"), ("account_sequence", "varchar"), ("created_at", "date")]);
        let side = side(Table::Users, &relation, &columns, &map(&[("id", "key")])).expect("a side");
        assert_eq!(side.from, "\"s\".\"t\"\"; DROP TABLE t; --\"");
        assert_eq!(
            (side.id.as_str(), side.names().collect::<Vec<_>>()),
            ("\"key\"", vec!["account_sequence"])
        );
    }

    #[test]
    fn a_table_needs_an_id_and_an_account() {
        let relation = Relation { schema: "s".to_owned(), table: "t".to_owned() };
        let none = side(Table::Users, &relation, &map(&[]), &map(&[]));
        assert_eq!(none.expect_err("no table"), Incomparable::NoTable("s.t".to_owned()));
        let other = side(Table::Users, &relation, &map(&[("id", "int8")]), &map(&[]));
        assert_eq!(other.expect_err("no key").to_string(), "s.t has no column id that holds UUIDs");
        let bare =
            side(Table::Users, &relation, &map(&[("id", "uuid")]), &map(&[("account_sequence", "name")]));
        assert!(bare.expect_err("no account").to_string().starts_with("s.t has no column name:"));
    }
}
