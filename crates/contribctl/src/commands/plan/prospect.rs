//! What a plan would mean, beside what there is.

use std::fmt;

use chrono::NaiveDate;
use domain::{Amount, Plan, Plans, Rate};
use persistence::{PgConnection, business_day, plans, simulation};

use super::PlanFile;
use crate::{Error, Result};

/// A plan that may be added, and the facts it is seen by.
#[derive(Debug)]
pub(super) struct Prospect {
    /// The plan, with the version it would have.
    pub(super) plan: Plan,
    /// The business day.
    pub(super) day: NaiveDate,
    /// The plan in force on that day.
    in_force: Plan,
    /// The day from which another plan applies in its place; none: never.
    until: Option<NaiveDate>,
    /// Trees of the network.
    network_trees: i64,
    /// The last number given.
    last_seq: i64,
    /// Adoptions not numbered yet that it would decide, by their state.
    awaiting: Vec<(String, i64)>,
}

impl Prospect {
    /// Looks at the books from the caller's transaction.
    pub(super) async fn read(connection: &mut PgConnection, file: PlanFile) -> Result<Self> {
        let day = business_day::read(connection).await?;
        let all = plans::all(connection).await?;
        let plan = file.into_next(&all, day)?;
        let until = next_after(&all, plan.applies_from);
        let awaiting = plans::not_numbered(connection, plan.applies_from, until).await?;
        let (last_seq, network_trees) = simulation::numbered(connection).await?;
        let in_force = all.for_date(day).clone();
        Ok(Self { plan, day, in_force, until, network_trees, last_seq, awaiting })
    }

    /// Whether it decides adoptions of the business day as soon as it is added.
    pub(super) fn comes_into_force(&self) -> bool {
        self.plan.applies_from <= Some(self.day) && self.until.is_none_or(|until| self.day < until)
    }

    /// It applies from a day that has begun: an operator has to say that this is meant.
    pub(super) fn check_retroactive(&self, allowed: bool) -> Result<()> {
        if allowed || !self.plan.is_retroactive(self.day) {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "plan {} would apply from {}, and the business day is {}: say --retroactive if that is meant",
            self.plan.version,
            since(self.plan.applies_from),
            self.day
        )))
    }

    fn write_scope(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, day, until, .. } = self;
        write!(f, "plan {}: applies to adoptions from {}", plan.version, since(plan.applies_from))?;
        if let Some(until) = until {
            write!(f, " to before {until}, from when another plan applies")?;
        }
        writeln!(f, "; the business day is {day}")?;
        if plan.is_retroactive(*day) {
            writeln!(
                f,
                "  retroactive: the {} entries numbered so far keep the plans they have",
                self.last_seq
            )?;
        }
        let total: i64 = self.awaiting.iter().map(|(_, count)| count).sum();
        let states: Vec<String> =
            self.awaiting.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let states = if states.is_empty() { String::new() } else { format!(" ({})", states.join(", ")) };
        writeln!(f, "  adoptions not numbered yet that it would decide: {total}{states}")
    }

    fn write_differences(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nunlike plan {}, which is in force:", self.in_force.version)?;
        let (before, after) = (values(&self.in_force), values(&self.plan));
        let mut alike = true;
        for ((name, before), (_, after)) in
            before.into_iter().zip(after).filter(|(before, after)| before != after)
        {
            alike = false;
            writeln!(f, "  {name:<30}{before} → {after}")?;
        }
        if alike { writeln!(f, "  nothing") } else { Ok(()) }
    }

    fn write_prices(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nthe price of a tree, where the source names none, by trees of the network before:")?;
        let (plan, in_force) =
            (format!("plan {}", self.plan.version), format!("plan {}", self.in_force.version));
        writeln!(f, "  {:>12} {plan:>22} {in_force:>22}", "trees")?;
        let price = |plan: &Plan, trees| {
            plan.pricing.price(trees).map_or_else(|error| error.to_string(), |price| price.to_string())
        };
        for trees in self.price_steps() {
            let now = if trees == self.network_trees { "  now" } else { "" };
            writeln!(
                f,
                "  {trees:>12} {:>22} {:>22}{now}",
                price(&self.plan, trees),
                price(&self.in_force, trees)
            )?;
        }
        Ok(())
    }

    /// From nothing over the first steps of the price to ten units on, and the network as it is.
    fn price_steps(&self) -> Vec<i64> {
        let (start, unit) =
            (i64::from(self.plan.pricing.start_tree_number), i64::from(self.plan.pricing.unit_size));
        let mut steps: Vec<i64> = [0, start - 1, start, start + unit - 1, start + unit, start + 2 * unit]
            .into_iter()
            .chain([start + 10 * unit, self.network_trees])
            .filter(|trees| *trees >= 0)
            .collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    fn write_shares(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { rates, pricing, .. } = &self.plan;
        let price = pricing.base_contribution;
        writeln!(f, "\none tree at {price} is cut into:")?;
        let shares: [(&str, Rate, i32); 6] = [
            ("personal", rates.personal, 1),
            ("operation", rates.operation, 1),
            ("province", rates.province, 1),
            ("city", rates.city, 1),
            ("each of 15 levels", rates.level_per, 15),
            ("each of 3 bonus tiers", rates.bonus_per, 3),
        ];
        let mut cut = Amount::ZERO;
        for (name, rate, times) in shares {
            let share = price.share(rate).map_err(|_| fmt::Error)?;
            let all = share.checked_times(times).map_err(|_| fmt::Error)?;
            cut = cut.checked_add(all).map_err(|_| fmt::Error)?;
            writeln!(
                f,
                "  {name:<24}{rate:>9} {share:>24}",
                share = share.to_string(),
                rate = rate.to_string()
            )?;
        }
        let rounding = price.checked_sub(cut).map_err(|_| fmt::Error)?;
        writeln!(f, "  {:<24}{:>9} {:>24}", "rounding", "", rounding.to_string())
    }
}

impl fmt::Display for Prospect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_scope(f)?;
        self.write_differences(f)?;
        self.write_prices(f)?;
        self.write_shares(f)
    }
}

/// The first day after `from` on which a plan begins to apply.
fn next_after(plans: &Plans, from: Option<NaiveDate>) -> Option<NaiveDate> {
    plans.iter().filter(|plan| plan.applies_from > from).find_map(|plan| plan.applies_from)
}

/// An `applies_from`, in words.
pub(super) fn since(applies_from: Option<NaiveDate>) -> String {
    applies_from.map_or_else(|| "the beginning of time".to_owned(), |from| from.to_string())
}

/// Everything a plan decides, by the names of its file.
fn values(plan: &Plan) -> [(&'static str, String); 15] {
    let Plan { rates, pricing, unlock, .. } = plan;
    let mut never_expiring: Vec<&str> = plan.never_expiring.iter().map(|account| account.as_str()).collect();
    never_expiring.sort_unstable();
    [
        ("rates.personal", rates.personal.to_string()),
        ("rates.operation", rates.operation.to_string()),
        ("rates.province", rates.province.to_string()),
        ("rates.city", rates.city.to_string()),
        ("rates.level_per", rates.level_per.to_string()),
        ("rates.bonus_per", rates.bonus_per.to_string()),
        ("pricing.base_contribution", pricing.base_contribution.to_string()),
        ("pricing.increment_percentage", pricing.increment_percentage.to_string()),
        ("pricing.unit_size", pricing.unit_size.to_string()),
        ("pricing.start_tree_number", pricing.start_tree_number.to_string()),
        ("unlock.level_directs", format!("{:?}", unlock.level_directs)),
        ("unlock.level_depths", format!("{:?}", unlock.level_depths)),
        ("unlock.tier_directs", format!("{:?}", unlock.tier_directs)),
        ("term_years", plan.term_years.to_string()),
        ("never_expiring", never_expiring.join(", ")),
    ]
}
