//! What the tables must hold, as the captured messages alone tell it, and what they hold.

use std::collections::BTreeMap;

use cdc_ingestor::decode::{AdoptionRow, Cell, Decoded, FromRow, Op, Origin, ReferralRow, UserRow, decode};
use persistence::PgPool;
use sqlx::Row as _;
use uuid::Uuid;

use super::{ADOPTIONS, Line, TABLES, USERS, format};

/// What a table should hold: by upstream id, what is told of the row, and whether it is deleted or displaced.
pub type Rows = BTreeMap<Uuid, (String, bool, bool)>;

/// Row, lsn (0 for rows that a snapshot read) and account with what is told of it; nothing for a delete.
type Told = (Uuid, i64, Option<(String, String)>);

/// A table as the capture alone tells it: the last event of each row by lsn, or else the row as a snapshot read it.
/// An account belongs to the live row with the greatest lsn.
pub fn expected(lines: &[Line], topic: &str) -> Rows {
    let mut latest: BTreeMap<Uuid, (i64, Option<String>, Option<String>)> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.topic == topic) {
        let told = match topic {
            USERS => told::<UserRow>(line, |row| {
                (is(&row.account), format!("{:?} {:?}", is(&row.phone), is(&row.status)))
            }),
            ADOPTIONS => told::<AdoptionRow>(line, |row| {
                let more = format!("{} {} {:?}", row.tree_count, row.adoption_date, is(&row.status));
                (is(&row.account), more)
            }),
            _ => told::<ReferralRow>(line, |row| (is(&row.account), format!("{:?}", is(&row.referrer)))),
        };
        let Some((id, lsn, row)) = told else { continue };
        let entry = latest.entry(id).or_insert((-1, None, None));
        if lsn >= entry.0 {
            entry.0 = lsn;
            match row {
                Some((account, more)) => (entry.1, entry.2) = (Some(account), Some(more)),
                None => entry.1 = None,
            }
        }
    }
    let mut holders: BTreeMap<String, (i64, Uuid)> = BTreeMap::new();
    for (id, (lsn, account, _)) in &latest {
        if let Some(account) = account {
            let holder = holders.entry(account.clone()).or_insert((*lsn, *id));
            *holder = (*holder).max((*lsn, *id));
        }
    }
    latest
        .into_iter()
        .filter_map(|(id, (_, account, more))| {
            let displaced =
                topic != ADOPTIONS && account.as_ref().is_some_and(|account| holders[account].1 != id);
            let deleted = account.is_none();
            let text = if deleted { String::new() } else { format!("{} {}", account?, more?) };
            Some((id, (text, deleted, displaced)))
        })
        .collect()
}

fn is<T: Clone>(cell: &Cell<T>) -> T {
    match cell {
        Cell::Is(value) => value.clone(),
        Cell::Unchanged => panic!("no column that is kept is ever left out in the captures"),
    }
}

fn told<R: FromRow>(line: &Line, tell: impl FnOnce(&R) -> (domain::AccountSequence, String)) -> Option<Told> {
    let key = line.key.as_deref().map(str::as_bytes);
    let value = line.value.as_deref().map(str::as_bytes);
    let Ok(Decoded::Change(change)) = decode::<R>(key, value, &format().format) else { return None };
    let lsn = match change.origin {
        Origin::Stream { lsn } => lsn,
        Origin::FullSnapshot { .. } | Origin::IncrementalSnapshot => 0,
    };
    let row = change.row.as_ref().filter(|_| change.op != Op::Delete).map(tell);
    Some((change.id, lsn, row.map(|(account, more)| (account.as_str().to_owned(), more))))
}

pub async fn stored(pool: &PgPool, topic: &str) -> Rows {
    let query = match topic {
        USERS => {
            "SELECT original_user_id AS id, source_deleted_at IS NOT NULL AS deleted, displaced, account_sequence,
                    phone, status FROM synced_users"
        }
        ADOPTIONS => {
            "SELECT original_adoption_id AS id, source_deleted_at IS NOT NULL AS deleted, FALSE AS displaced,
                    account_sequence, tree_count, adoption_date, status FROM synced_adoptions"
        }
        _ => {
            "SELECT original_referral_id AS id, source_deleted_at IS NOT NULL AS deleted, displaced,
                    account_sequence, referrer_account_sequence FROM synced_referrals"
        }
    };
    let rows = sqlx::query(query).fetch_all(pool).await.unwrap();
    rows.into_iter()
        .map(|row| {
            let account: String = row.get("account_sequence");
            let text = |name| row.get::<Option<String>, _>(name);
            let more = match topic {
                USERS => format!("{:?} {:?}", text("phone"), text("status")),
                ADOPTIONS => {
                    let date: chrono::NaiveDate = row.get("adoption_date");
                    format!("{} {date} {:?}", row.get::<i32, _>("tree_count"), text("status"))
                }
                _ => {
                    let referrer = text("referrer_account_sequence");
                    format!("{:?}", referrer.map(|name| domain::AccountSequence::parse(&name).unwrap()))
                }
            };
            let deleted: bool = row.get("deleted");
            let text = if deleted { String::new() } else { format!("{account} {more}") };
            (row.get("id"), (text, deleted, row.get("displaced")))
        })
        .collect()
}

/// The whole of a table but the columns that tell when and by whom it was written.
pub async fn dump(pool: &PgPool, table: &str) -> Vec<String> {
    let query = format!("SELECT (to_jsonb(t) - 'id' - 'synced_at')::text AS row FROM {table} t ORDER BY 1");
    let rows = sqlx::query(&query).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.get("row")).collect()
}

pub async fn check(pool: &PgPool, lines: &[Line], what: &str) {
    for topic in TABLES {
        let (expected, stored) = (expected(lines, topic), stored(pool, topic).await);
        for (id, row) in &expected {
            // a deleted row that was never seen otherwise leaves nothing
            assert!(stored.get(id) == Some(row), "{what}: {topic} {id}: {:?}, not {row:?}", stored.get(id));
        }
        assert_eq!(expected.len(), stored.len(), "{what}: {topic}");
    }
}
