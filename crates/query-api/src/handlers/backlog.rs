//! `GET /adoptions`: those that are not distributed as they stand, and why, in the order of their upstream ids.

use chrono::Utc;
use persistence::views;
use persistence::views::backlog::{Adoption, Filter};
use uuid::Uuid;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed};
use crate::parameters::{Kind, Parameter, Query};

/// `stalled` is `waiting` for a referral, for longer than `business.chain_grace_hours`.
const STATES: [&str; 6] = ["changed", "ready", "waiting", "stalled", "anomaly", "ineligible"];

const QUERY: [Parameter; 4] = [
    Parameter::new(
        "state",
        "In this state only; `stalled` ones wait for a referral longer than they may",
        Kind::OneOf(&STATES),
    ),
    Parameter::new("reason", "With this reason, or one that begins with this code", Kind::Text),
    Parameter::LIMIT,
    Parameter::CURSOR,
];

pub(crate) const LIST: Spec = Spec {
    about: "In the order of upstream's ids. What is distributed as it stands is not among them.",
    query: &QUERY,
    ..Spec::new("Adoptions that wait, are stalled, anomalous or changed", Gives::Json(listed::<Adoption>))
};

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let state = query.one_of("state", &STATES)?;
    let stalled = state == Some("stalled");
    let state = if stalled { Some("waiting") } else { state };
    let filter =
        Filter { state: state.map(str::to_owned), stalled, reason: query.text("reason").map(str::to_owned) };
    let listing = Listing::new("adoptions", &filter);
    let after = query.cursor().map_or(Ok(Uuid::nil()), |cursor| listing.uuid(cursor))?;
    let now = Utc::now();
    let mut connection = api.connection().await?;
    let times = (now, api.stalled_before(now));
    let page = views::backlog::page(&mut connection, &filter, times, after, limit).await?;
    Ok(Listed::answer(page, |adoption| listing.after_uuid(adoption.original_adoption_id)))
}
