//! `POST /simulations`: what an adoption would do, or what another plan would have made of the journal.
//!
//! A plan is simulated one at a time and for a bounded time: a journal that takes longer is the command line's.

use std::time::Duration;

use actix_web::HttpResponse;
use chrono::NaiveDate;
use domain::{
    AccountSequence, AdoptionOutcome, JournalComparison, PlanDraft, SimulationError, SourceAdoption,
    SourcePrice,
};
use persistence::simulation::{self, JournalWalk};
use persistence::views::as_of::{self, AsOf};
use persistence::{Error, plans};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Answer, Shared};
use crate::body::Body;
use crate::codes;
use crate::openapi::spec::{Gives, Spec, schema};
use crate::problem::Problem;
use crate::state::Api;

/// How long a plan may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Accounts that gain and that lose most, when nothing is said, and at most.
const TOP: u8 = 10;
const MOST_TOP: u8 = 100;

/// What to simulate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Simulation {
    /// An adoption, if its turn were now.
    Adoption(Asked),
    /// A plan, instead of those that were used.
    Plan(Box<OtherPlan>),
}

/// An adoption.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AdoptionToSimulate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Asked {
    /// Who adopts.
    account_sequence: AccountSequence,
    /// How many trees.
    tree_count: i32,
    /// The day of adoption; the business day where none is given.
    adoption_date: Option<NaiveDate>,
    /// The price of one tree, as upstream would name it; by the plan's formula where none is given.
    #[schema(pattern = r"^-?[0-9]+(\.[0-9]+)?$")]
    contribution_per_tree: Option<String>,
}

/// A plan.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PlanToSimulate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OtherPlan {
    /// The plan; from when it applies plays no part.
    plan: PlanDraft,
    /// Only for adoptions of this date and later; earlier ones keep their plans.
    from: Option<NaiveDate>,
    /// Name so many accounts that gain most, and so many that lose most; 10 where nothing is said.
    #[schema(maximum = 100)]
    top: Option<u8>,
}

/// `POST /simulations`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Simulated {
    #[serde(flatten)]
    answer: Outcome,
    as_of: AsOf,
}

/// As it was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Outcome {
    /// What would become of the adoption.
    Adoption(OfAdoption),
    /// What the plan would have made of the journal.
    Plan(Box<JournalComparison>),
}

/// What would become of an adoption.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdoptionSimulated)]
#[serde(rename_all = "camelCase")]
struct OfAdoption {
    #[serde(flatten)]
    outcome: AdoptionOutcome,
    /// Adoptions whose turn comes before, which may change price and unlocking.
    adoptions_before: i64,
}

pub(crate) const POST: Spec = Spec {
    about: "Writes nothing. One plan is simulated at a time, for at most 10 seconds.",
    body: Some(schema::<Simulation>),
    problems: &[&codes::INVALID_PLAN, &codes::SIMULATION_BUSY, &codes::SIMULATION_TOO_LONG],
    ..Spec::new("What an adoption or another plan would do", Gives::Json(schema::<Simulated>))
};

pub(crate) async fn post(ask: Body<Simulation>, api: Shared) -> Answer {
    let simulated = match ask.0 {
        Simulation::Adoption(adoption) => of_adoption(&api, adoption).await?,
        Simulation::Plan(plan) => of_plan(&api, *plan).await?,
    };
    Ok(HttpResponse::Ok().json(simulated))
}

async fn of_adoption(api: &Api, adoption: Asked) -> Result<Simulated, Problem> {
    let price = adoption.contribution_per_tree.as_deref().map(SourcePrice::parse).transpose();
    let price =
        price.map_err(|why| Problem::parameter(&codes::INVALID_BODY, "adoption.contributionPerTree", why))?;
    let mut snapshot = api.snapshot().await?;
    let (as_of, day) = as_of::read(&mut snapshot).await?;
    let source = SourceAdoption {
        id: Uuid::nil(),
        account: adoption.account_sequence,
        tree_count: adoption.tree_count,
        adoption_date: adoption.adoption_date.unwrap_or(day.day),
        status: None,
        price: price.unwrap_or(SourcePrice::Unpriced),
        created_at: None,
        deleted: false,
    };
    let simulated = simulation::adoption(&mut snapshot, &source, day.day, &api.ruling).await?;
    let answer =
        Outcome::Adoption(OfAdoption { outcome: simulated.outcome, adoptions_before: simulated.before });
    Ok(Simulated { answer, as_of })
}

async fn of_plan(api: &Api, asked: OtherPlan) -> Result<Simulated, Problem> {
    let top = asked.top.unwrap_or(TOP);
    if top > MOST_TOP {
        let why = format_args!("at most {MOST_TOP} accounts");
        return Err(Problem::parameter(&codes::INVALID_BODY, "plan.top", why));
    }
    let _turn = api.simulating.try_acquire().map_err(|_| Problem::of(&codes::SIMULATION_BUSY))?;
    let until = Instant::now() + PATIENCE;
    let mut snapshot = api.snapshot().await?;
    let (as_of, day) = as_of::read(&mut snapshot).await?;
    let plans = plans::all(&mut snapshot).await?;
    let plan = asked
        .plan
        .into_next(&plans, day.day)
        .map_err(|why| Problem::parameter(&codes::INVALID_PLAN, "plan.plan", why))?;
    let mut walk = JournalWalk::begin(&mut snapshot, &plan, &plans, asked.from).await?;
    while walk.go_on(&mut snapshot).await?.map_err(refused)? > 0 {
        if Instant::now() > until {
            return Err(Problem::of(&codes::SIMULATION_TOO_LONG));
        }
    }
    let answer = Outcome::Plan(Box::new(walk.finish(top.into()).map_err(refused)?));
    Ok(Simulated { answer, as_of })
}

/// The journal contradicts itself, or the plan could not have been carried out.
fn refused(error: SimulationError) -> Problem {
    match error {
        SimulationError::NoPlan { .. } | SimulationError::Tiers(_) => Error::corrupt(error).into(),
        other => Problem::parameter(&codes::INVALID_PLAN, "plan.plan", other),
    }
}
