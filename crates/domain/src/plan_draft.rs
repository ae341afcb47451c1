//! A plan as an operator writes it: without its version.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::dates::{effective_date, expire_date};
use crate::plan::{Plan, PlanVersion, Rates};
use crate::plans::Plans;
use crate::pricing::Pricing;
use crate::rate::Rate;
use crate::system::SystemAccount;
use crate::unlock::UnlockTable;

/// The first increment that `DECIMAL(10,6)` cannot hold.
const INCREMENT_LIMIT: Rate = Rate::from_units(10_000_000_000);

/// A plan without its version.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanDraft {
    /// The first adoption date it applies to; none: from the beginning of time.
    applies_from: Option<NaiveDate>,
    /// How an adoption is cut up; the rates of all slots sum to 1.
    rates: Rates,
    /// How an adoption without a price of its own is priced.
    pricing: Pricing,
    /// What unlocks levels and tiers.
    unlock: UnlockTable,
    /// Years for which a share lives.
    term_years: i32,
    /// System accounts whose shares live for ever.
    never_expiring: Vec<SystemAccount>,
}

impl PlanDraft {
    /// The plan as the version after those there are; `day` is the business day. Errs, in words, where it may not be
    /// one: by the rules ([`Plan::check`]), or because it could not be stored or carried out.
    pub fn into_next(self, plans: &Plans, day: NaiveDate) -> Result<Plan, String> {
        let last = plans.iter().map(|plan| plan.version.0).max().unwrap_or(0);
        let plan = Plan {
            version: PlanVersion(last + 1),
            applies_from: self.applies_from,
            rates: self.rates,
            pricing: self.pricing,
            unlock: self.unlock,
            term_years: self.term_years,
            never_expiring: self.never_expiring,
        };
        check(plan, day).map_err(|why| format!("the plan is refused: {why}"))
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
