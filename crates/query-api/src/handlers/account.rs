//! `GET /contributions/{accountSequence}`: an account as it stands.

use actix_web::HttpRequest;
use persistence::views;

use super::validated::{self, For};
use super::{Answer, Shared};
use crate::codes;
use crate::openapi::spec::{Gives, Spec, schema};
use crate::parameters;
use crate::problem::Problem;
use crate::reads;

pub(crate) const GET: Spec = Spec {
    about: "The effective contribution holds for `effectiveOn`. Zeros after the first user, referral or entry that names \
        the account; 404 before.",
    problems: &[&codes::ACCOUNT_UNKNOWN],
    ..Spec::new("An account as it stands", Gives::Validated(schema::<views::account::Account>))
};

pub(crate) async fn get(request: HttpRequest, api: Shared) -> Answer {
    let account = parameters::account(&request)?;
    if let Some(cache) = &api.cache {
        api.ready()?;
        let json = cache.account(&account, reads::at_least()).await?.ok_or_else(Problem::account_unknown)?;
        return Ok(validated::json_answer(&request, json, For::Now));
    }
    let row = api.account(account).await?.ok_or_else(Problem::account_unknown)?;
    validated::answer(&request, &row, For::Now)
}
