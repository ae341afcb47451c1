//! Which plan decides on an adoption (RULES section 3, "Plans").

use chrono::NaiveDate;
use thiserror::Error;

use crate::plan::{Plan, PlanError, PlanVersion};

/// All plans there are, each checked, at least one of which applies from the beginning of time.
#[derive(Debug, Clone)]
pub struct Plans(Vec<Plan>);

/// Why a set of plans is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlansError {
    /// One of them is refused.
    #[error("plan {version} is refused: {error}")]
    Refused {
        /// Which.
        version: PlanVersion,
        /// Why.
        error: PlanError,
    },
    /// Two plans bear one version.
    #[error("two plans have version {0}")]
    Duplicate(PlanVersion),
    /// Early adoption dates would have no plan.
    #[error("no plan applies from the beginning of time")]
    NoBeginning,
}

impl Plans {
    /// Takes plans in any order.
    pub fn new(plans: Vec<Plan>) -> Result<Self, PlansError> {
        let mut plans = plans
            .into_iter()
            .map(|plan| {
                let version = plan.version;
                plan.check().map_err(|error| PlansError::Refused { version, error })
            })
            .collect::<Result<Vec<_>, _>>()?;
        plans.sort_by_key(|plan| plan.version);
        if let Some(pair) = plans.windows(2).find(|pair| pair[0].version == pair[1].version) {
            return Err(PlansError::Duplicate(pair[0].version));
        }
        // `None` sorts before every date: the beginning of time.
        plans.sort_by_key(|plan| (plan.applies_from, plan.version));
        match plans.first() {
            Some(first) if first.applies_from.is_none() => Ok(Self(plans)),
            _ => Err(PlansError::NoBeginning),
        }
    }

    /// The plan of an adoption of that date: the greatest `applies_from` not after it, ties to the higher
    /// version.
    pub fn for_date(&self, adoption_date: NaiveDate) -> &Plan {
        let begun = self.0.partition_point(|plan| plan.applies_from <= Some(adoption_date));
        // The first plan applies from the beginning of time, so at least one has begun.
        &self.0[begun.max(1) - 1]
    }

    /// The plan of that version.
    pub fn version(&self, version: PlanVersion) -> Option<&Plan> {
        self.0.iter().find(|plan| plan.version == version)
    }

    /// All plans, in the order in which they come to apply.
    pub fn iter(&self) -> std::slice::Iter<'_, Plan> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Plans {
    type Item = &'a Plan;
    type IntoIter = std::slice::Iter<'a, Plan>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
