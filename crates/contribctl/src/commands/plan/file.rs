//! A plan as an operator writes it.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use domain::{
    Plan, PlanVersion, Plans, Pricing, Rate, Rates, SystemAccount, UnlockTable, effective_date, expire_date,
};
use serde::Deserialize;

use crate::{Error, Result};

/// The first increment that `DECIMAL(10,6)` cannot hold.
const INCREMENT_LIMIT: Rate = Rate::from_units(10_000_000_000);

/// What a file holds, and where that was.
#[derive(Debug)]
pub(in crate::commands) struct PlanFile {
    path: PathBuf,
    written: Written,
}

/// The file: a plan without its version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    applies_from: Option<NaiveDate>,
    rates: Rates,
    pricing: Pricing,
    unlock: UnlockTable,
    term_years: i32,
    never_expiring: Vec<SystemAccount>,
}

impl PlanFile {
    /// Reads a file.
    pub(in crate::commands) fn read(path: &Path) -> Result<Self> {
        let refused = |reason: String| Error::File { path: path.to_owned(), reason };
        let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        let written = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        Ok(Self { path: path.to_owned(), written })
    }

    /// The plan as the version after those there are, if it may be one; `day` is the business day.
    pub(in crate::commands) fn into_next(self, plans: &Plans, day: NaiveDate) -> Result<Plan> {
        let Self { path, written } = self;
        let last = plans.iter().map(|plan| plan.version.0).max().unwrap_or(0);
        let plan = Plan {
            version: PlanVersion(last + 1),
            applies_from: written.applies_from,
            rates: written.rates,
            pricing: written.pricing,
            unlock: written.unlock,
            term_years: written.term_years,
            never_expiring: written.never_expiring,
        };
        check(plan, day).map_err(|why| Error::File { path, reason: format!("the plan is refused: {why}") })
    }
}

/// What the rules ask of a plan, and what storing and using it does.
fn check(plan: Plan, day: NaiveDate) -> Result<Plan, String> {
    let plan = plan.check().map_err(|error| error.to_string())?;
    if plan.pricing.increment_percentage >= INCREMENT_LIMIT {
        return Err(format!(
            "increment_percentage is not below 10000: {}",
            plan.pricing.increment_percentage
        ));
    }
    let first = plan.applies_from.map_or(day, |from| from.max(day));
    effective_date(first)
        .and_then(|effective| expire_date(effective, plan.term_years))
        .map_err(|error| format!("a share of {first} would never come to expire: {error}"))?;
    Ok(plan)
}
