//! What takes effect and what expires on a day, by account, of the chunks that a roll has added up (RULES section 6).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::AuditError;
use super::amount::{Amount, parse};
use super::calendar;
use super::holdings::{Held, Holdings, Lived};
use super::report::{Check, Findings};

const ROWS: &str = "SELECT account_sequence, day::text, activated::text, expired::text
    FROM account_daily_contribution WHERE account_sequence >= $1 AND ($2::text IS NULL OR account_sequence < $2)";

#[derive(sqlx::FromRow)]
struct DayRow {
    account_sequence: String,
    day: String,
    activated: String,
    expired: String,
}

/// Which entries were added up.
pub(crate) struct AddedUp {
    any: bool,
    /// First and last entry of the chunks that were not, in order.
    left: Vec<(i64, i64)>,
}

impl AddedUp {
    pub(crate) async fn load(connection: &mut PgConnection) -> Result<Self, AuditError> {
        const ANY: &str = "SELECT EXISTS (SELECT FROM account_daily_contribution)
            OR EXISTS (SELECT FROM distribution_chunks WHERE added_up_at IS NOT NULL)";
        const LEFT: &str = "SELECT first_seq, last_seq FROM distribution_chunks WHERE added_up_at IS NULL ORDER BY first_seq";
        let any = sqlx::query_scalar(ANY).fetch_one(&mut *connection).await?;
        let left = if any { sqlx::query_as(LEFT).fetch_all(connection).await? } else { Vec::new() };
        Ok(Self { any, left })
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.any
    }

    /// Whether the entry was.
    pub(crate) fn holds(&self, seq: i64) -> bool {
        let place = self.left.partition_point(|(_, last)| *last < seq);
        self.any && self.left.get(place).is_none_or(|(first, _)| seq < *first)
    }

    /// Counts a line on the days that it begins and ceases to live.
    pub(crate) fn add(&self, held: &mut Held, line: &Lived) {
        if self.holds(line.seq) {
            held.days.entry(line.effective).or_default().0 += &line.amount;
            if let Some(expire) = line.expire {
                held.days.entry(expire).or_default().1 += &line.amount;
            }
        }
    }

    /// Compares the rows of a range of accounts. A day on which all cancels out may have a row or none.
    pub(crate) async fn compare_range(
        &self,
        connection: &mut PgConnection,
        (from, to): (&str, Option<&str>),
        held: &Holdings,
        findings: &mut Findings,
    ) -> Result<(), AuditError> {
        if !self.any {
            return Ok(());
        }
        let rows: Vec<DayRow> = sqlx::query_as(ROWS).bind(from).bind(to).fetch_all(connection).await?;
        let nothing = (Amount::from(0), Amount::from(0));
        let mut expected: BTreeMap<(&str, NaiveDate), &(Amount, Amount)> = held
            .iter()
            .flat_map(|(name, held)| held.days.iter().map(move |(day, sums)| ((name.as_str(), *day), sums)))
            .collect();
        for row in &rows {
            let found = sums(row);
            let day = found.as_ref().ok().map(|(day, _)| *day);
            let sums = day.and_then(|day| expected.remove(&(row.account_sequence.as_str(), day)));
            let sums = sums.unwrap_or(&nothing);
            findings.check(Check::Daily, found.as_ref().is_ok_and(|(_, found)| found == sums), || {
                let DayRow { account_sequence, day, activated, expired } = row;
                let (begun, ended) = (sums.0.to_plain_string(), sums.1.to_plain_string());
                format!("{account_sequence} {day}: +{activated} -{expired}, expected +{begun} -{ended}")
            });
        }
        for ((account, day), _) in expected.into_iter().filter(|(_, sums)| **sums != nothing) {
            findings.check(Check::Daily, false, || format!("{account} {day} has no row"));
        }
        Ok(())
    }
}

fn sums(row: &DayRow) -> Result<(NaiveDate, (Amount, Amount)), String> {
    Ok((calendar::date(&row.day)?, (parse(&row.activated)?, parse(&row.expired)?)))
}
