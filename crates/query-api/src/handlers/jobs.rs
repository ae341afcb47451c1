//! `GET /jobs`: the runs of the scheduler's jobs, newest first.

use persistence::views;
use persistence::views::jobs::JobRun;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed};
use crate::parameters::{Kind, Parameter, Query};

const JOBS: [&str; 4] = ["roll", "snapshot", "team_stats", "upkeep"];
const QUERY: [Parameter; 3] =
    [Parameter::new("job", "Of this job only", Kind::OneOf(&JOBS)), Parameter::LIMIT, Parameter::CURSOR];

pub(crate) const LIST: Spec = Spec {
    about: "Newest first.",
    query: &QUERY,
    ..Spec::new("Runs of the scheduler's jobs", Gives::Json(listed::<JobRun>))
};

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let job = query.one_of("job", &JOBS)?;
    let listing = Listing::new("jobs", job);
    let before = query.cursor().map_or(Ok(i64::MAX), |cursor| listing.number(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::jobs::page(&mut connection, job, before, limit).await?;
    Ok(Listed::answer(page, |run| listing.after_number(run.id)))
}
