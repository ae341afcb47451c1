//! Plans, unlocking and pricing (RULES sections 3, 4 and 5), from the `plans` rows.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::AuditError;
use super::amount::{AMOUNT_PLACES, Amount, RATE_PLACES, cut, is_negative, is_zero, parse, text};
use super::calendar;
use super::report::{Check, Findings};

const PLANS: &str = "SELECT version, applies_from::text, extract(epoch FROM created_at)::text AS created_at,
    personal::text, operation::text, province::text, city::text, level_per::text, bonus_per::text,
    base_contribution::text, increment_percentage::text, unit_size, start_tree_number, unlock_level_directs,
    unlock_level_depths, unlock_tier_directs, term_years, never_expiring FROM plans ORDER BY version";

#[derive(sqlx::FromRow)]
struct PlanRow {
    version: i32,
    applies_from: Option<String>,
    created_at: String,
    personal: String,
    operation: String,
    province: String,
    city: String,
    level_per: String,
    bonus_per: String,
    base_contribution: String,
    increment_percentage: String,
    unit_size: i32,
    start_tree_number: i32,
    unlock_level_directs: Vec<i32>,
    unlock_level_depths: Vec<i32>,
    unlock_tier_directs: Vec<i32>,
    term_years: i32,
    never_expiring: Vec<String>,
}

/// A rate, and as the ledger writes it.
#[derive(Debug, Clone)]
pub(crate) struct Rate {
    pub(crate) value: Amount,
    pub(crate) text: String,
}

impl Rate {
    pub(crate) fn new(value: Amount) -> Self {
        Self { text: text(&value, RATE_PLACES), value }
    }
}

/// One version of the plan.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) version: i32,
    /// `None`: from the beginning of time.
    pub(crate) applies_from: Option<NaiveDate>,
    pub(crate) created_at: i64,
    pub(crate) personal: Rate,
    pub(crate) operation: Rate,
    pub(crate) province: Rate,
    pub(crate) city: Rate,
    pub(crate) level: Rate,
    pub(crate) bonus: Rate,
    pub(crate) base_contribution: Amount,
    pub(crate) increment: Amount,
    pub(crate) unit_size: i64,
    pub(crate) start_tree: i64,
    /// From so many direct referrals that have adopted, this depth; in rising order.
    pub(crate) depths: Vec<(i64, i64)>,
    pub(crate) tier_directs: Vec<i64>,
    pub(crate) term_years: i32,
    pub(crate) never_expiring: Vec<String>,
}

impl Plan {
    /// Unlocked level depth.
    pub(crate) fn depth(&self, directs: i64) -> i64 {
        self.depths.iter().filter(|(from, _)| *from <= directs).map(|(_, depth)| *depth).max().unwrap_or(0)
    }

    /// Unlocked bonus tiers.
    pub(crate) fn tiers(&self, adopted: bool, directs: i64) -> i64 {
        let reached = self.tier_directs.iter().filter(|from| **from <= directs).count();
        i64::from(adopted) + i64::try_from(reached).unwrap_or(i64::MAX)
    }

    /// The price of an adoption without one, before which `trees_before` trees were numbered.
    pub(crate) fn price(&self, trees_before: i64) -> Amount {
        let units = if trees_before < self.start_tree {
            0
        } else {
            (trees_before - self.start_tree) / self.unit_size + 1
        };
        cut(
            &(&self.base_contribution * (&self.increment * Amount::from(units) + Amount::from(1))),
            AMOUNT_PLACES,
        )
    }

    /// Until when the lines of a system account live, of an entry that expires on `expire`.
    pub(crate) fn system_expire(&self, account: &str, expire: NaiveDate) -> Option<NaiveDate> {
        (!self.never_expiring.iter().any(|never| never == account)).then_some(expire)
    }

    fn read(row: PlanRow) -> Result<Self, String> {
        let rate = |text: &str| parse(text).map(Rate::new);
        Ok(Self {
            version: row.version,
            applies_from: row.applies_from.as_deref().map(calendar::date).transpose()?,
            created_at: calendar::micros(&row.created_at)?,
            personal: rate(&row.personal)?,
            operation: rate(&row.operation)?,
            province: rate(&row.province)?,
            city: rate(&row.city)?,
            level: rate(&row.level_per)?,
            bonus: rate(&row.bonus_per)?,
            base_contribution: parse(&row.base_contribution)?,
            increment: parse(&row.increment_percentage)?,
            unit_size: Some(i64::from(row.unit_size))
                .filter(|size| *size > 0)
                .ok_or("unit_size is not positive")?,
            start_tree: row.start_tree_number.into(),
            depths: zip_equal(&row.unlock_level_directs, &row.unlock_level_depths)?,
            tier_directs: row.unlock_tier_directs.into_iter().map(i64::from).collect(),
            term_years: row.term_years,
            never_expiring: row.never_expiring,
        })
    }

    /// What RULES section 4 asks of a plan.
    pub(crate) fn is_valid(&self) -> bool {
        let rates = [&self.personal, &self.operation, &self.province, &self.city, &self.level, &self.bonus];
        let shares = [1, 1, 1, 1, 15, 3];
        let whole: Amount =
            rates.iter().zip(shares).map(|(rate, share)| &rate.value * Amount::from(share)).sum();
        is_zero(&(whole - Amount::from(1)))
            && rates.iter().all(|rate| !is_negative(&rate.value))
            && self.start_tree >= 0
            && !is_negative(&self.increment)
            && self.depths.is_sorted_by(|low, high| low.0 < high.0 && low.1 <= high.1)
            && self.depths.iter().all(|(_, depth)| (0..=15).contains(depth))
            && self.tier_directs.is_sorted()
            && self.tier_directs.len() < 3
    }
}

fn zip_equal(directs: &[i32], depths: &[i32]) -> Result<Vec<(i64, i64)>, String> {
    if directs.len() != depths.len() {
        return Err("the unlock table's columns differ in length".to_owned());
    }
    Ok(directs.iter().zip(depths).map(|(from, depth)| (i64::from(*from), i64::from(*depth))).collect())
}

/// Every plan there is.
#[derive(Debug)]
pub(crate) struct Plans(Vec<Plan>);

impl Plans {
    pub(crate) fn new(plans: Vec<Plan>) -> Self {
        Self(plans)
    }

    pub(crate) async fn load(
        connection: &mut PgConnection,
        findings: &mut Findings,
    ) -> Result<Self, AuditError> {
        let rows: Vec<PlanRow> = sqlx::query_as(PLANS).fetch_all(connection).await?;
        let mut plans = Vec::new();
        for row in rows {
            let version = row.version;
            match Plan::read(row) {
                Ok(plan) => {
                    findings.check(Check::Plans, plan.is_valid(), || {
                        format!("plan {version} ought to be refused")
                    });
                    plans.push(plan);
                }
                Err(why) => findings.check(Check::Plans, false, || format!("plan {version}: {why}")),
            }
        }
        Ok(Self::new(plans))
    }

    /// A version.
    pub(crate) fn find(&self, version: i32) -> Option<&Plan> {
        self.0.iter().find(|plan| plan.version == version)
    }

    /// Whether one of them is such.
    pub(crate) fn any(&self, such: impl Fn(&Plan) -> bool) -> bool {
        self.0.iter().any(such)
    }

    /// The plan of `day` among those there were at `at` (microseconds since 1970).
    pub(crate) fn of_day(&self, day: NaiveDate, at: i64) -> Option<&Plan> {
        self.0
            .iter()
            .filter(|plan| plan.created_at <= at && plan.applies_from.is_none_or(|from| from <= day))
            .max_by_key(|plan| (plan.applies_from, plan.version))
    }
}
