//! `/operator-requests`: what operators asked for, and what came of it. The one thing that is written here: a worker
//! carries the request out.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, SubsecRound, Utc};
use persistence::PgConnection;
use persistence::operator_requests::{self, Action, OperatorRequest};
use persistence::views;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Answer, Listed, Shared};
use crate::auth::Caller;
use crate::body::Body;
use crate::codes;
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed, schema};
use crate::parameters::{self, Parameter, Query};
use crate::problem::Problem;
use crate::routes::PREFIX;

/// Who asked, where nobody has to say who they are.
const ANYBODY: &str = "api";

/// A request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OperatorRequest)]
#[serde(rename_all = "camelCase")]
struct Shown {
    id: i64,
    /// The subject of the token, or the name given to the command line.
    requested_by: String,
    requested_at: DateTime<Utc>,
    /// What for.
    action: String,
    /// The action's own arguments.
    arguments: Value,
    /// When it was carried out or refused; null: not yet.
    carried_out_at: Option<DateTime<Utc>>,
    /// What came of it, for people.
    outcome: Option<String>,
    /// Whether it was carried out; null: not yet.
    succeeded: Option<bool>,
}

pub(crate) const LIST: Spec = Spec {
    about: "Newest first, those of the command line included.",
    query: &[Parameter::LIMIT, Parameter::CURSOR],
    ..Spec::new("What operators asked for, and what came of it", Gives::Json(listed::<Shown>))
};

pub(crate) const GET: Spec = Spec {
    problems: &[&codes::REQUEST_UNKNOWN],
    ..Spec::new("One request of an operator", Gives::Json(schema::<Shown>))
};

pub(crate) const POST: Spec = Spec {
    about: "The request is noted; the worker that owns the thing carries it out once, and `Location` tells what came of it.",
    body: Some(schema::<Action>),
    ..Spec::new("Ask a worker for something", Gives::Created(schema::<Shown>))
};

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let listing = Listing::new("operator-requests", ());
    let before = query.cursor().map_or(Ok(i64::MAX), |cursor| listing.number(cursor))?;
    let mut connection = api.connection().await?;
    let page = operator_requests::page(&mut connection, before, limit).await?;
    let items = page.items.into_iter().map(Shown::of).collect();
    let page = views::Page { items, more: page.more };
    Ok(Listed::answer(page, |request: &Shown| listing.after_number(request.id)))
}

pub(crate) async fn get(request: HttpRequest, api: Shared) -> Answer {
    let id = parameters::request_id(&request)?;
    let mut connection = api.connection().await?;
    Ok(HttpResponse::Ok().json(shown(&mut connection, id).await?))
}

pub(crate) async fn post(action: Body<Action>, caller: web::ReqData<Caller>, api: Shared) -> Answer {
    api.ready()?;
    let by = if caller.subject().is_empty() { ANYBODY } else { caller.subject() };
    let mut connection = api.writer.acquire().await.map_err(persistence::Error::from)?;
    let id = operator_requests::ask(&mut connection, by, &action, Utc::now().trunc_subsecs(6)).await?;
    let location = format!("{PREFIX}/operator-requests/{id}");
    let request = shown(&mut connection, id).await?;
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(request))
}

async fn shown(connection: &mut PgConnection, id: i64) -> Result<Shown, Problem> {
    let request = operator_requests::get(connection, id).await?;
    request.map(Shown::of).ok_or_else(|| Problem::of(&codes::REQUEST_UNKNOWN))
}

impl Shown {
    fn of(request: OperatorRequest) -> Self {
        Self {
            id: request.id,
            requested_by: request.requested_by,
            requested_at: request.requested_at,
            action: request.action,
            arguments: serde_json::from_str(&request.arguments).unwrap_or_default(),
            carried_out_at: request.carried_out_at,
            outcome: request.outcome,
            succeeded: request.succeeded,
        }
    }
}
