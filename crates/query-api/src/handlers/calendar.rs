//! `GET /contributions/{accountSequence}/as-of/{date}` and `…/calendar`: any day, past or to come.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{Days, NaiveDate};
use domain::{AccountSequence, Amount};
use persistence::PgConnection;
use persistence::views::as_of::{AsOf, BusinessDay};
use persistence::views::calendar::Turn;
use persistence::views::{self};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Shared};
use crate::codes;
use crate::openapi::spec::{Gives, Spec, schema};
use crate::parameters::{self, Kind, Parameter, Query};
use crate::problem::Problem;

/// Days of a calendar when nothing is said: all that is known today has expired by then.
const DAYS: u64 = 2 * 366;
/// Days of a calendar at most.
const MAX_DAYS: i64 = 4_000;

/// `…/as-of/{date}`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OnDay {
    account_sequence: AccountSequence,
    date: NaiveDate,
    effective_contribution: Amount,
    as_of: AsOf,
}

/// `…/calendar`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Calendar {
    account_sequence: AccountSequence,
    from: NaiveDate,
    to: NaiveDate,
    items: Vec<Turn>,
    as_of: AsOf,
}

pub(crate) const AS_OF: Spec = Spec {
    about: "Any day, past or to come, by everything carried out until now: it is no sealed snapshot.",
    problems: &[&codes::ACCOUNT_UNKNOWN],
    ..Spec::new("An account's effective contribution on a day", Gives::Json(schema::<OnDay>))
};

const QUERY: [Parameter; 2] = [
    Parameter::new("from", "The first day; the business day where none is given", Kind::Day),
    Parameter::new(
        "to",
        "The last day, at most 4000 days later; two years later where none is given",
        Kind::Day,
    ),
];

pub(crate) const GET: Spec = Spec {
    about: "Days on which nothing turns are left out.",
    query: &QUERY,
    problems: &[&codes::ACCOUNT_UNKNOWN],
    ..Spec::new("What of an account takes effect and expires when", Gives::Json(schema::<Calendar>))
};

pub(crate) async fn as_of(request: HttpRequest, api: Shared) -> Answer {
    let (account, date) = (parameters::account(&request)?, parameters::as_of_date(&request)?);
    let mut snapshot = api.snapshot().await?;
    let (as_of, _) = known(&mut snapshot, &account).await?;
    let effective_contribution = views::calendar::effective_on(&mut snapshot, &account, date).await?;
    Ok(HttpResponse::Ok().json(OnDay { account_sequence: account, date, effective_contribution, as_of }))
}

pub(crate) async fn get(request: HttpRequest, query: Query, api: Shared) -> Answer {
    let account = parameters::account(&request)?;
    let (from, to) = query.days()?;
    let mut snapshot = api.snapshot().await?;
    let (as_of, day) = known(&mut snapshot, &account).await?;
    let from = from.unwrap_or(day.day);
    let to = to.or_else(|| from.checked_add_days(Days::new(DAYS))).unwrap_or(NaiveDate::MAX);
    if !(0..=MAX_DAYS).contains(&(to - from).num_days()) {
        let why = format_args!("it is to lie 0 to {MAX_DAYS} days after `from`");
        return Err(Problem::parameter(&codes::INVALID_DATE, "to", why));
    }
    let items = views::calendar::turns(&mut snapshot, &account, from, to).await?;
    Ok(HttpResponse::Ok().json(Calendar { account_sequence: account, from, to, items, as_of }))
}

async fn known(
    connection: &mut PgConnection,
    account: &AccountSequence,
) -> Result<(AsOf, BusinessDay), Problem> {
    views::account::read(&mut *connection, account).await?.ok_or_else(Problem::account_unknown)?;
    Ok(views::as_of::read(connection).await?)
}
