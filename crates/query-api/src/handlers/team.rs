//! `GET /contributions/{accountSequence}/team`: what stands below an account, level by level.

use actix_web::{HttpRequest, HttpResponse};
use domain::AccountSequence;
use persistence::views;
use persistence::views::as_of::AsOf;
use persistence::views::team::Team;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Shared};
use crate::codes;
use crate::openapi::spec::{Gives, Spec, schema};
use crate::parameters;
use crate::problem::Problem;

/// `…/team`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TeamOf {
    account_sequence: AccountSequence,
    /// Levels unlocked by now, 0 to 15.
    unlocked_level_depth: i32,
    /// Bonus tiers unlocked by now, 0 to 3.
    unlocked_bonus_tiers: i32,
    #[serde(flatten)]
    team: Team,
    as_of: AsOf,
}

pub(crate) const GET: Spec = Spec {
    about: "Accounts stand where upstream's referrals put them now, trees and amounts where they were distributed.",
    problems: &[&codes::ACCOUNT_UNKNOWN],
    ..Spec::new(
        "An account's team by level: what it brought, and what was missed",
        Gives::Json(schema::<TeamOf>),
    )
};

pub(crate) async fn get(request: HttpRequest, api: Shared) -> Answer {
    let account = parameters::account(&request)?;
    let mut snapshot = api.snapshot().await?;
    let row = views::account::read(&mut snapshot, &account).await?.ok_or_else(Problem::account_unknown)?;
    let team = views::team::read(&mut snapshot, &account).await?;
    Ok(HttpResponse::Ok().json(TeamOf {
        account_sequence: account,
        unlocked_level_depth: row.unlocked_level_depth,
        unlocked_bonus_tiers: row.unlocked_bonus_tiers,
        team,
        as_of: row.as_of,
    }))
}
