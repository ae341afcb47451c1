//! `POST /contributions:batchGet`: many accounts as they stand, of one moment.

use actix_web::HttpResponse;
use domain::AccountSequence;
use persistence::views;
use persistence::views::account::Account;
use persistence::views::as_of::AsOf;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answer, Shared};
use crate::body::Body;
use crate::codes;
use crate::openapi::spec::{Gives, Spec, schema};
use crate::problem::Problem;

/// Accounts that are asked for at most.
const MOST: usize = 500;

/// Which accounts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Batch {
    /// 1 to 500 of them.
    #[schema(min_items = 1, max_items = 500, value_type = Vec<AccountSequence>)]
    account_sequences: Vec<String>,
}

/// `POST /contributions:batchGet`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Accounts {
    /// Those that are known, in the order in which they were asked for.
    items: Vec<Account>,
    /// Those that no user, referral or entry names.
    unknown: Vec<AccountSequence>,
    as_of: AsOf,
}

pub(crate) const POST: Spec = Spec {
    about: "All of one moment. An account that is asked for twice is given twice.",
    body: Some(schema::<Batch>),
    problems: &[&codes::INVALID_ACCOUNT_SEQUENCE],
    ..Spec::new("Up to 500 accounts as they stand", Gives::Json(schema::<Accounts>))
};

pub(crate) async fn post(batch: Body<Batch>, api: Shared) -> Answer {
    let asked = accounts(&batch)?;
    let mut snapshot = api.snapshot().await?;
    let found = views::account::read_all(&mut snapshot, &asked).await?;
    let (as_of, _) = views::as_of::read(&mut snapshot).await?;
    let unknown = asked.into_iter().zip(&found).filter(|(_, found)| found.is_none());
    let unknown = unknown.map(|(account, _)| account).collect();
    let items = found.into_iter().flatten().collect();
    Ok(HttpResponse::Ok().json(Accounts { items, unknown, as_of }))
}

fn accounts(batch: &Batch) -> Result<Vec<AccountSequence>, Problem> {
    let names = &batch.account_sequences;
    if names.is_empty() || names.len() > MOST {
        let why = format_args!("1 to {MOST} accounts, not {}", names.len());
        return Err(Problem::parameter(&codes::INVALID_BODY, "accountSequences", why));
    }
    let parse = |(place, name): (usize, &String)| {
        AccountSequence::parse(name).map_err(|why| {
            let place = format!("accountSequences[{place}]");
            Problem::parameter(&codes::INVALID_ACCOUNT_SEQUENCE, place, why)
        })
    };
    names.iter().enumerate().map(parse).collect()
}
