//! `GET /contributions/{accountSequence}/formula`: the account by what is unlocked now only, beside the ledger.

use actix_web::{HttpRequest, HttpResponse};
use domain::AccountSequence;
use persistence::views::as_of::AsOf;
use persistence::views::formula::{self, Formula};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Shared};
use crate::codes;
use crate::openapi::spec::{Gives, Spec, schema};
use crate::parameters;
use crate::problem::Problem;

/// `…/formula`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ByFormula {
    account_sequence: AccountSequence,
    /// Levels unlocked by now, 0 to 15.
    unlocked_level_depth: i32,
    /// Bonus tiers unlocked by now, 0 to 3.
    unlocked_bonus_tiers: i32,
    #[serde(flatten)]
    formula: Formula,
    as_of: AsOf,
}

pub(crate) const GET: Spec = Spec {
    about: "The ledger goes by what was unlocked when each adoption was numbered. The formula adds what nobody received, \
        line by line, where this account would have and has unlocked that level or tier by now.",
    problems: &[&codes::ACCOUNT_UNKNOWN],
    ..Spec::new("An account by what is unlocked now, beside its ledger", Gives::Json(schema::<ByFormula>))
};

pub(crate) async fn get(request: HttpRequest, api: Shared) -> Answer {
    let account = parameters::account(&request)?;
    let mut snapshot = api.snapshot().await?;
    let (row, formula) =
        formula::read(&mut snapshot, &account).await?.ok_or_else(Problem::account_unknown)?;
    Ok(HttpResponse::Ok().json(ByFormula {
        account_sequence: account,
        unlocked_level_depth: row.unlocked_level_depth,
        unlocked_bonus_tiers: row.unlocked_bonus_tiers,
        formula,
        as_of: row.as_of,
    }))
}
