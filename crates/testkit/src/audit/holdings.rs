//! What every account held on the days that were sealed or added up, worked out again from the lines, a range of
//! accounts at a time (RULES sections 6 and 7).

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use futures::TryStreamExt;
use sqlx::PgConnection;

use super::accounts::Accounts;
use super::amount::{Amount, parse};
use super::calendar;
use super::daily::AddedUp;
use super::report::{Check, Findings};
use super::rows::system_name;
use super::snapshots::Seals;
use super::{AuditError, Options};

/// Accounts in a range.
const RANGE: usize = 4_096;

const LINES: &str = "SELECT account_sequence AS holder, distribution_seq, amount::text, effective_date::text,
        expire_date::text
    FROM contribution_records WHERE account_sequence >= $1 AND ($2::text IS NULL OR account_sequence < $2)";
const SYSTEM_LINES: &str =
    "SELECT account_type AS holder, distribution_seq, amount::text, effective_date::text,
        expire_date::text
    FROM system_contribution_records r JOIN system_accounts a ON a.id = r.system_account_id";

#[derive(sqlx::FromRow)]
struct LineRow {
    holder: String,
    distribution_seq: i64,
    amount: String,
    effective_date: String,
    expire_date: Option<String>,
}

/// A line, as far as days are concerned.
#[derive(Debug)]
pub(crate) struct Lived {
    pub(crate) seq: i64,
    pub(crate) amount: Amount,
    pub(crate) effective: NaiveDate,
    pub(crate) expire: Option<NaiveDate>,
}

/// What one account held.
#[derive(Debug, Default, Clone)]
pub(crate) struct Held {
    /// By snapshot, in the order of [`Seals`].
    pub(crate) sealed: HashMap<usize, Amount>,
    /// Activated and expired, by day.
    pub(crate) days: BTreeMap<NaiveDate, (Amount, Amount)>,
}

/// Holdings by account.
pub(crate) type Holdings = BTreeMap<String, Held>;

/// Compares snapshots and daily amounts, where there are any. `carried_through` is the last entry before which nothing
/// is left to carry out.
pub(crate) async fn compare(
    connection: &mut PgConnection,
    (accounts, options): (&Accounts, &Options),
    added_up: &AddedUp,
    carried_through: i64,
    findings: &mut Findings,
) -> Result<(), AuditError> {
    let mut seals = Seals::load(connection, carried_through, findings).await?;
    if seals.is_empty() && added_up.is_empty() {
        return Ok(());
    }
    let system = system_holdings(connection, &seals, added_up).await?;
    for (from, to) in ranges(accounts) {
        let mut held = Holdings::new();
        let mut rows = sqlx::query_as::<_, LineRow>(LINES).bind(&from).bind(&to).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            hold(&mut held, row, &seals, added_up, findings);
        }
        drop(rows);
        let in_range = |name: &str| *name >= *from && to.as_deref().is_none_or(|to| name < to);
        held.extend(
            system.iter().filter(|(name, _)| in_range(name)).map(|(name, held)| (name.clone(), held.clone())),
        );
        let range = (from.as_str(), to.as_deref());
        seals.compare_range(connection, range, &held, options, findings).await?;
        added_up.compare_range(connection, range, &held, findings).await?;
    }
    seals.end(findings);
    Ok(())
}

/// Ranges of names that cover every name, the last without an end.
fn ranges(accounts: &Accounts) -> Vec<(String, Option<String>)> {
    let mut names: Vec<&str> = accounts.iter().map(|(_, account)| &*account.name).collect();
    names.sort_unstable();
    let mut from = String::new();
    let mut ranges = Vec::new();
    for name in names.into_iter().skip(RANGE).step_by(RANGE) {
        ranges.push((std::mem::replace(&mut from, name.to_owned()), Some(name.to_owned())));
    }
    ranges.push((from, None));
    ranges
}

async fn system_holdings(
    connection: &mut PgConnection,
    seals: &Seals,
    added_up: &AddedUp,
) -> Result<Holdings, AuditError> {
    let mut held = Holdings::new();
    // Lines that cannot be read were found as such where the ledger was compared.
    let mut seen_before = Findings::new();
    let mut rows = sqlx::query_as::<_, LineRow>(SYSTEM_LINES).fetch(connection);
    while let Some(mut row) = rows.try_next().await? {
        let place = super::lines::SYSTEM.iter().position(|name| *name == row.holder);
        let Some(place) = place else { continue };
        system_name(place).clone_into(&mut row.holder);
        hold(&mut held, row, seals, added_up, &mut seen_before);
    }
    Ok(held)
}

fn hold(held: &mut Holdings, row: LineRow, seals: &Seals, added_up: &AddedUp, findings: &mut Findings) {
    match lived(&row) {
        Ok(line) => {
            let held = held.entry(row.holder).or_default();
            seals.add(held, &line);
            added_up.add(held, &line);
        }
        Err(why) => findings.wrong(Check::SnapshotsLines, || format!("a line of {}: {why}", row.holder)),
    }
}

fn lived(row: &LineRow) -> Result<Lived, String> {
    Ok(Lived {
        seq: row.distribution_seq,
        amount: parse(&row.amount)?,
        effective: calendar::date(&row.effective_date)?,
        expire: row.expire_date.as_deref().map(calendar::date).transpose()?,
    })
}
