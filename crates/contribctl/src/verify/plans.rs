//! Which plan decided, at a moment of the past.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Plan, PlanVersion, Plans};
use persistence::verify::facts;
use persistence::{PgConnection, Result};

/// The plans, with when each came about: one that was added later decided nothing before.
#[derive(Debug)]
pub struct PlanHistory {
    plans: Plans,
    created: HashMap<PlanVersion, DateTime<Utc>>,
}

impl PlanHistory {
    /// All plans.
    pub async fn read(connection: &mut PgConnection) -> Result<Self> {
        let plans = persistence::plans::all(connection).await?;
        let created = facts::plans_created(connection).await?.into_iter().collect();
        Ok(Self { plans, created })
    }

    /// The plan of that version.
    pub fn version(&self, version: PlanVersion) -> Option<&Plan> {
        self.plans.version(version)
    }

    /// The plan for `date` among those that had come about by `moment`; the first of all where none had.
    pub fn for_date(&self, date: NaiveDate, moment: DateTime<Utc>) -> &Plan {
        let had_come =
            |plan: &&Plan| self.created.get(&plan.version).is_some_and(|created| *created <= moment);
        let begun = self.plans.iter().take_while(|plan| plan.applies_from <= Some(date));
        begun.filter(had_come).last().unwrap_or_else(|| self.plans.for_date(NaiveDate::MIN))
    }
}
