//! `GET /jobs`: the runs of the scheduler's jobs, newest first.

use persistence::views;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::parameters::Query;

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let job = query.one_of("job", &["roll", "snapshot", "team_stats", "upkeep"])?;
    let listing = Listing::new("jobs", job);
    let before = query.cursor().map_or(Ok(i64::MAX), |cursor| listing.number(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::jobs::page(&mut connection, job, before, limit).await?;
    Ok(Listed::answer(page, |run| listing.after_number(run.id)))
}
