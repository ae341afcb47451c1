//! Sealed snapshots: exactly the lines through the watermark that lived that day, and ratios that sum to 1 by largest
//! remainder (RULES section 7).

use std::collections::HashMap;

use bigdecimal::num_bigint::BigInt;
use chrono::NaiveDate;
use sqlx::PgConnection;

use super::amount::{AMOUNT_PLACES, Amount, RATIO_PLACES, is_positive, parse, unit};
use super::calendar::{self, live};
use super::holdings::{Held, Holdings, Lived};
use super::report::{Check, Findings};
use super::{AuditError, Options};

const HEADERS: &str =
    "SELECT snapshot_date::text, network_total::text, account_count, watermark FROM snapshots
    ORDER BY snapshot_date";
const LINES: &str = "SELECT account_sequence, snapshot_date::text, effective_contribution::text AS effective,
        network_total_contribution::text AS total, contribution_ratio::text AS ratio
    FROM daily_contribution_snapshots
    WHERE account_sequence >= $1 AND ($2::text IS NULL OR account_sequence < $2)";

#[derive(sqlx::FromRow)]
struct LineRow {
    account_sequence: String,
    snapshot_date: String,
    effective: String,
    total: String,
    ratio: String,
}

/// A snapshot, and what its lines were found to be so far.
struct Seal {
    day: NaiveDate,
    watermark: i64,
    total: Amount,
    count: i64,
    found_count: i64,
    expected_total: Amount,
    ratios: Amount,
    /// Of those that got a missing unit, the one with the least claim to it: remainder and account.
    last_raised: Option<(BigInt, String)>,
    /// Of those that got none, the one with the greatest claim.
    first_cut: Option<(BigInt, String)>,
}

/// Every snapshot, by day.
pub(crate) struct Seals(Vec<Seal>);

impl Seals {
    pub(crate) async fn load(
        connection: &mut PgConnection,
        carried_through: i64,
        findings: &mut Findings,
    ) -> Result<Self, AuditError> {
        const ORPHANS: &str = "SELECT count(*) FROM daily_contribution_snapshots d
            WHERE NOT EXISTS (SELECT FROM snapshots s WHERE s.snapshot_date = d.snapshot_date)";
        let rows: Vec<(String, String, i64, i64)> =
            sqlx::query_as(HEADERS).fetch_all(&mut *connection).await?;
        let orphans: i64 = sqlx::query_scalar(ORPHANS).fetch_one(connection).await?;
        if orphans > 0 {
            findings.check(Check::SnapshotsLines, false, || format!("{orphans} lines belong to no snapshot"));
        }
        let mut seals = Vec::new();
        for (day, total, count, watermark) in rows {
            let header = calendar::date(&day).and_then(|date| Ok((date, parse(&total)?)));
            let holds = header.is_ok() && watermark <= carried_through;
            findings.check(Check::SnapshotsTotals, holds, || {
                format!("{day}: total {total}, watermark {watermark}, carried out through {carried_through}")
            });
            let Ok((day, total)) = header else { continue };
            seals.push(Seal {
                day,
                watermark,
                total,
                count,
                found_count: 0,
                expected_total: Amount::default(),
                ratios: Amount::default(),
                last_raised: None,
                first_cut: None,
            });
        }
        Ok(Self(seals))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts a line in every snapshot that it is part of.
    pub(crate) fn add(&self, held: &mut Held, line: &Lived) {
        for (place, seal) in self.0.iter().enumerate() {
            if line.seq <= seal.watermark && live(seal.day, line.effective, line.expire) {
                *held.sealed.entry(place).or_default() += &line.amount;
            }
        }
    }

    /// Compares the snapshots' lines of a range of accounts.
    pub(crate) async fn compare_range(
        &mut self,
        connection: &mut PgConnection,
        (from, to): (&str, Option<&str>),
        held: &Holdings,
        options: &Options,
        findings: &mut Findings,
    ) -> Result<(), AuditError> {
        let rows: Vec<LineRow> = sqlx::query_as(LINES).bind(from).bind(to).fetch_all(connection).await?;
        let takes_part = |name: &str| options.snapshots_hold_system_accounts || !name.starts_with("SYS-");
        let mut expected: HashMap<(&str, usize), &Amount> = held
            .iter()
            .filter(|(name, _)| takes_part(name))
            .flat_map(|(name, held)| {
                held.sealed.iter().map(move |(place, amount)| ((name.as_str(), *place), amount))
            })
            .filter(|(_, amount)| is_positive(amount))
            .collect();
        for ((_, place), amount) in &expected {
            self.0[*place].expected_total += *amount;
        }
        for row in &rows {
            let day = calendar::date(&row.snapshot_date).ok();
            let place = self.0.iter().position(|seal| Some(seal.day) == day);
            let Some(place) = place else { continue };
            let amount = expected.remove(&(row.account_sequence.as_str(), place));
            self.0[place].line(row, amount, findings);
        }
        for ((account, place), amount) in expected {
            findings.check(Check::SnapshotsLines, false, || {
                format!("{}: {account}, who has {}, is missing", self.0[place].day, amount.to_plain_string())
            });
        }
        Ok(())
    }

    /// What only all lines together show.
    pub(crate) fn end(&self, findings: &mut Findings) {
        for seal in &self.0 {
            let day = seal.day;
            findings.check(Check::SnapshotsTotals, seal.total == seal.expected_total, || {
                let (found, expected) = (seal.total.to_plain_string(), seal.expected_total.to_plain_string());
                format!("{day}: network total {found}, expected {expected}")
            });
            findings.check(Check::SnapshotsTotals, seal.count == seal.found_count, || {
                format!("{day}: {} lines counted, {} found", seal.count, seal.found_count)
            });
            let whole = Amount::from(i32::from(seal.found_count > 0));
            findings.check(Check::SnapshotsRatios, seal.ratios == whole, || {
                format!("{day}: ratios sum to {}", seal.ratios.to_plain_string())
            });
            if let (Some(raised), Some(cut)) = (&seal.last_raised, &seal.first_cut) {
                let fair = (&cut.0, &raised.1) < (&raised.0, &cut.1);
                findings.check(Check::SnapshotsRatios, fair, || {
                    format!("{day}: {} got a unit that is {}'s", raised.1, cut.1)
                });
            }
        }
    }
}

impl Seal {
    fn line(&mut self, row: &LineRow, expected: Option<&Amount>, findings: &mut Findings) {
        self.found_count += 1;
        let (day, account) = (self.day, &row.account_sequence);
        let holds = expected.is_some_and(|expected| parse(&row.effective).as_ref() == Ok(expected));
        findings.check(Check::SnapshotsLines, holds, || {
            let expected = expected.map(Amount::to_plain_string);
            format!("{day}: {account} has {}, expected {expected:?}", row.effective)
        });
        findings.check(Check::SnapshotsTotals, parse(&row.total).as_ref() == Ok(&self.total), || {
            format!("{day}: the line of {account} names another network total, {}", row.total)
        });
        let (Some(amount), Ok(ratio)) = (expected, parse(&row.ratio)) else { return };
        let fair = self.share(account, amount, &ratio);
        self.ratios += ratio;
        findings.check(Check::SnapshotsRatios, fair, || {
            format!("{day}: the ratio of {account} is {}", row.ratio)
        });
    }

    /// Whether the ratio is its share cut to 18 places, or one unit more; which of both is judged at the end.
    fn share(&mut self, account: &str, amount: &Amount, ratio: &Amount) -> bool {
        let units = |value: &Amount, places| value.with_scale(places).into_bigint_and_scale().0;
        let (whole, part) = (units(&self.total, AMOUNT_PLACES), units(amount, AMOUNT_PLACES));
        if whole <= BigInt::from(0) {
            return false;
        }
        let scaled = part * units(&Amount::from(1), RATIO_PLACES);
        let (floor, remainder) = (&scaled / &whole, scaled % whole);
        let floor = Amount::new(floor, RATIO_PLACES);
        let claim = (remainder, account.to_owned());
        if *ratio == floor {
            let first = self.first_cut.take();
            self.first_cut = Some(first.filter(|first| !before(&claim, first)).unwrap_or(claim));
        } else if *ratio == floor + unit(RATIO_PLACES) {
            let last = self.last_raised.take();
            self.last_raised = Some(last.filter(|last| before(&claim, last)).unwrap_or(claim));
        } else {
            return false;
        }
        true
    }
}

/// Whether `one` is served before `other`: the larger remainder, and among equals the first in byte order.
fn before(one: &(BigInt, String), other: &(BigInt, String)) -> bool {
    one.0 > other.0 || (one.0 == other.0 && one.1 < other.1)
}
