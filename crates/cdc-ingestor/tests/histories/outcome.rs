//! What the synced tables must hold once everything has been read: upstream's rows, field by field; its deleted rows as
//! marks; the referral tree that follows from the rows; and no dead letter but for rows that upstream left so.
//!
//! Rows that were truncated upstream stay, because nobody told of it, until another row takes their account. Rows whose
//! last state could not be read have an open letter; what is stored of them is an earlier state, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use persistence::PgPool;
use persistence::referral_tree::join_path;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use testkit::debezium::{self, Day, Format, Instant, Log, Numeric, Row, Table};
use uuid::Uuid;

use crate::consumer::ends;
use crate::life::{Life, is_readable, is_readable_message};
use crate::tree::{Forest, Lineage, lineage};

/// A stored row.
#[derive(Debug)]
struct Stored {
    fields: String,
    /// Upstream's own path, of a referral.
    path: Option<String>,
    deleted: bool,
    displaced: bool,
}

/// Fails with the first thing that is not as it must be.
pub async fn check(pool: &PgPool, life: &Life, log: &Log, format: Format) -> anyhow::Result<()> {
    check_positions(pool, log).await?;
    for table in Table::ALL {
        let stored = stored(pool, table).await?;
        let letters = open_letters(pool, table).await?;
        check_table(life, log, format, table, &stored, &letters).with_context(|| table.name())?;
    }
    check_tree(pool).await
}

fn check_table(
    life: &Life,
    log: &Log,
    format: Format,
    table: Table,
    stored: &BTreeMap<Uuid, Stored>,
    letters: &BTreeSet<(Uuid, String)>,
) -> anyhow::Result<()> {
    let there: BTreeMap<Uuid, &Row> = life.upstream.rows(table).map(|row| (row.id, row)).collect();
    let untold: BTreeMap<Uuid, &Row> = life.upstream.untold(table).map(|row| (row.id, row)).collect();
    let told = told(log, table);
    for (id, row) in there.iter().filter(|(_, row)| is_readable(row)) {
        let stored = stored.get(id).with_context(|| format!("{id} is missing"))?;
        let (wanted, path) = (fields(row, format), row.get("ancestor_path").as_text());
        // one that is too large may have come only with what could not be read, or with another key
        let is_lost = path.is_some_and(|path| path.len() > 2_000)
            && (stored.path.is_none() || told.get(id).is_some_and(|told| told.unreadable));
        let same_path = stored.path == path.map(|path| join_path(path.split('/')));
        if stored.fields != wanted || !(same_path || is_lost) || stored.deleted || stored.displaced {
            anyhow::bail!("{id} is {stored:?}, not {wanted} {path:?}");
        }
    }
    for (id, told) in told.iter().filter(|(id, _)| !there.contains_key(id) && !untold.contains_key(id)) {
        match stored.get(id) {
            Some(stored) if stored.deleted => {}
            None if !told.readable => {}
            other => anyhow::bail!("{id} was deleted upstream: {other:?}"),
        }
    }
    if let Some(id) = stored.keys().find(|id| !told.contains_key(id)) {
        anyhow::bail!("{id} was never told of");
    }
    for (id, code) in letters {
        let lost = stored.get(id).is_some_and(|stored| stored.displaced);
        let unread = there.get(id).or(untold.get(id)).is_some_and(|row| !is_readable(row));
        let justified = match code.as_str() {
            "unique_taken" => lost && (unread || untold.contains_key(id)),
            _ => unread,
        };
        if !justified {
            anyhow::bail!("{id} has an open letter: {code}");
        }
    }
    let unread = there.iter().filter(|(_, row)| !is_readable(row)).map(|(id, _)| id);
    for id in unread {
        if !letters.iter().any(|(of, _)| of == id) {
            anyhow::bail!("{id} cannot be read and has no open letter");
        }
    }
    Ok(())
}

/// What came of a row.
#[derive(Debug, Default)]
struct Told {
    /// With some message that could be read.
    readable: bool,
    /// With one that could not.
    unreadable: bool,
}

/// The keys of all messages.
fn told(log: &Log, table: Table) -> BTreeMap<Uuid, Told> {
    let parse = |text: &str| -> Value {
        let value: Value = serde_json::from_str(text).unwrap();
        value.get("payload").cloned().unwrap_or(value)
    };
    let mut all: BTreeMap<Uuid, Told> = BTreeMap::new();
    let places = Log::partitions().filter(|place| place.0 == table);
    for message in places.flat_map(|place| log.partition(place.0, place.1)) {
        let told = all.entry(parse(&message.key)["id"].as_str().unwrap().parse().unwrap()).or_default();
        let value = message.value.as_deref().map_or(Value::Null, parse);
        let row = value.get("after").unwrap_or(&value);
        if row.is_object() && row["__deleted"] != "true" {
            let flag = if is_readable_message(row) { &mut told.readable } else { &mut told.unreadable };
            *flag = true;
        }
    }
    all
}

async fn check_positions(pool: &PgPool, log: &Log) -> anyhow::Result<()> {
    let rows = sqlx::query("SELECT topic, partition, next_offset FROM cdc_offsets").fetch_all(pool).await?;
    let read: BTreeMap<(String, i32), i64> =
        rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect();
    let ends = ends(log).into_iter();
    let ends = ends.map(|((table, partition), end)| ((table.topic().to_owned(), partition), end));
    let wanted: BTreeMap<(String, i32), i64> =
        ends.map(|(place, end)| (place, i64::try_from(end).unwrap())).collect();
    anyhow::ensure!(read == wanted, "read to {read:?}, not {wanted:?}");
    Ok(())
}

/// Upline, depth and path of every live row, from the rows themselves.
pub async fn check_tree(pool: &PgPool) -> anyhow::Result<()> {
    let rows = sqlx::query(
        "SELECT account_sequence, referrer_account_sequence, upline, upline_complete, depth, ancestor_path
         FROM synced_referrals WHERE source_deleted_at IS NULL AND NOT displaced",
    )
    .fetch_all(pool)
    .await?;
    let forest: Forest = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for row in rows {
        let account: String = row.get(0);
        let stored =
            Lineage { upline: row.get(2), complete: row.get(3), depth: row.get(4), path: row.get(5) };
        let wanted = lineage(&forest, &account);
        if stored != wanted {
            anyhow::bail!("{account}: {stored:?}, not {wanted:?} in {forest:?}");
        }
    }
    Ok(())
}

async fn open_letters(pool: &PgPool, table: Table) -> anyhow::Result<BTreeSet<(Uuid, String)>> {
    let query =
        "SELECT original_id, error_code FROM cdc_dead_letters WHERE topic = $1 AND resolved_at IS NULL";
    let rows = sqlx::query(query).bind(table.topic()).fetch_all(pool).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn stored(pool: &PgPool, table: Table) -> anyhow::Result<BTreeMap<Uuid, Stored>> {
    let query = match table {
        Table::Users => {
            "SELECT original_user_id, source_deleted_at IS NOT NULL, displaced, account_sequence, created_at, phone,
                    status FROM synced_users"
        }
        Table::Adoptions => {
            "SELECT original_adoption_id, source_deleted_at IS NOT NULL, FALSE, account_sequence, source_created_at,
                    tree_count, adoption_date, status, contribution_per_tree::text, unstorable_price
             FROM synced_adoptions"
        }
        Table::Referrals => {
            "SELECT original_referral_id, source_deleted_at IS NOT NULL, displaced, account_sequence,
                    source_created_at, referrer_account_sequence, source_depth, source_ancestor_path
             FROM synced_referrals"
        }
    };
    let rows = sqlx::query(query).fetch_all(pool).await?;
    let row = |row: PgRow| {
        let text = |at| row.get::<Option<String>, usize>(at);
        let own = match table {
            Table::Users => format!("{:?}", (text(5), text(6))),
            Table::Adoptions => {
                format!("{:?}", (row.get::<i32, _>(5), row.get::<NaiveDate, _>(6), text(7), text(8), text(9)))
            }
            Table::Referrals => format!("{:?}", (text(5), row.get::<Option<i32>, _>(6))),
        };
        let path = if table == Table::Referrals { text(7) } else { None };
        let created: Option<DateTime<Utc>> = row.get(4);
        let fields = format!("{} {created:?} {own}", row.get::<String, _>(3));
        (row.get(0), Stored { fields, path, deleted: row.get(1), displaced: row.get(2) })
    };
    Ok(rows.into_iter().map(row).collect())
}

/// How a row of upstream is stored, apart from its path.
fn fields(row: &Row, format: Format) -> String {
    let text = |column| row.get(column).as_text().map(str::to_owned);
    let number = |column| match row.get(column) {
        debezium::Value::Int(number) => Some(*number),
        _ => None,
    };
    let created = match row.get("created_at") {
        debezium::Value::Instant(Instant::At(at)) if (1..=9999).contains(&at.year()) => Some(*at),
        _ => None,
    };
    let own = if let debezium::Value::Date(Day::At(date)) = row.get("adoption_date") {
        let (price, unstorable) = price(row.get("contribution_per_tree"), format);
        format!("{:?}", (number("tree_count").unwrap(), date, text("status"), price, unstorable))
    } else if row.values.contains_key("depth") {
        format!("{:?}", (text("referrer_account_sequence"), number("depth")))
    } else {
        format!("{:?}", (text("phone"), text("status")))
    };
    format!("{} {created:?} {own}", row.account())
}

/// A price as it is stored, and the text of one that cannot be; a precise NaN comes as NULL.
fn price(value: &debezium::Value, format: Format) -> (Option<String>, Option<String>) {
    match value {
        debezium::Value::Numeric(Numeric::NaN) if format == Format::WithSchemas => (None, None),
        debezium::Value::Numeric(Numeric::NaN) => (None, Some("NAN".to_owned())),
        debezium::Value::Numeric(price) => (Some(price.to_string()), None),
        _ => (None, None),
    }
}
