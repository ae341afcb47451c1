//! What went to headquarters, by the day it was booked, the reason, the level or tier and who missed it, worked out again
//! from the entries of the chunks that a roll has added up. What a REVERSE takes back is taken off, and its lines count
//! with the others.

use std::collections::HashMap;

use chrono::NaiveDate;
use futures::TryStreamExt;
use sqlx::PgConnection;

use super::AuditError;
use super::accounts::{Accounts, Id};
use super::amount::{Amount, parse};
use super::calendar;
use super::daily::AddedUp;
use super::lines::{Holder, Missed, Sheet};
use super::report::{Check, Findings};

const ROWS: &str =
    "SELECT day::text, reason, level_or_tier, account_sequence, sum(amount)::text AS amount, sum(lines)::bigint AS lines
     FROM missed_daily GROUP BY 1, 2, 3, 4";

#[derive(sqlx::FromRow)]
struct MissedRow {
    day: String,
    reason: String,
    level_or_tier: i16,
    account_sequence: Option<String>,
    amount: String,
    lines: i64,
}

/// Booked day, reason, level or tier, and who missed it.
type Key = (NaiveDate, &'static str, u8, Option<Id>);

/// Amounts and numbers of lines; as many as `missed_daily` has sums.
#[derive(Debug, Default)]
pub(crate) struct MissedDaily(HashMap<Key, (Amount, i64)>);

impl MissedDaily {
    /// Takes the lines of an entry that nobody got.
    pub(crate) fn take(&mut self, sheet: &Sheet<'_>, added_up: &AddedUp) {
        if !added_up.holds(sheet.seq) {
            return;
        }
        for line in &sheet.lines {
            let Holder::Unallocated { would_be, missed } = line.holder else { continue };
            let (amount, lines) =
                self.0.entry((sheet.booked, missed.word(), line.step, would_be)).or_default();
            *amount += sheet.amount(line);
            *lines += 1;
        }
    }

    /// Compares every sum there is, of the rows of all spans, and that none is missing.
    pub(crate) async fn compare(
        mut self,
        connection: &mut PgConnection,
        accounts: &Accounts,
        findings: &mut Findings,
    ) -> Result<(), AuditError> {
        let mut rows = sqlx::query_as::<_, MissedRow>(ROWS).fetch(connection);
        while let Some(row) = rows.try_next().await? {
            let expected = key(&row, accounts).and_then(|key| self.0.remove(&key));
            let found = parse(&row.amount).ok().map(|amount| (amount, row.lines));
            findings.check(Check::Missed, found.is_some() && found == expected, || {
                let MissedRow { day, reason, level_or_tier, account_sequence, amount, lines } = &row;
                let who = account_sequence.as_deref().unwrap_or("-");
                let (sum, count) = expected.unwrap_or_default();
                let sum = sum.to_plain_string();
                format!(
                    "{day} {reason} {level_or_tier} {who}: {amount} in {lines}, expected {sum} in {count}"
                )
            });
        }
        for ((day, reason, step, who), _) in self.0 {
            findings.check(Check::Missed, false, || {
                format!("{day} {reason} {step} {} has no row", who.map_or("-", |who| accounts.name(who)))
            });
        }
        Ok(())
    }
}

/// The key of a row; `None` where nothing can have been missed so.
fn key(row: &MissedRow, accounts: &Accounts) -> Option<Key> {
    let reason = Missed::WORDS.into_iter().find(|word| *word == row.reason)?;
    let who = match &row.account_sequence {
        Some(name) => Some(accounts.find(name)?),
        None => None,
    };
    Some((calendar::date(&row.day).ok()?, reason, u8::try_from(row.level_or_tier).ok()?, who))
}
