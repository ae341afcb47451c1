//! `GET /adoptions`: those that are not distributed as they stand, and why, in the order of their upstream ids.

use chrono::Utc;
use persistence::views;
use persistence::views::backlog::Filter;
use uuid::Uuid;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::parameters::Query;

/// `stalled` is `waiting` for a referral, for longer than `business.chain_grace_hours`.
const STATES: [&str; 6] = ["changed", "ready", "waiting", "stalled", "anomaly", "ineligible"];

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
