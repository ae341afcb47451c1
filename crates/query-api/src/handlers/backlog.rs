//! `GET /adoptions`: those that are not distributed as they stand, and why, in the order of their upstream ids.

use chrono::{DateTime, Utc};
use persistence::views;
use persistence::views::backlog::{Adoption, Filter};
use uuid::Uuid;

use super::csv::{self, Export};
use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed};
use crate::parameters::{Kind, Parameter, Query};
use crate::problem::Problem;

/// `stalled` is `waiting` for a referral, for longer than `business.chain_grace_hours`.
const STATES: [&str; 6] = ["changed", "ready", "waiting", "stalled", "anomaly", "ineligible"];

const STATE: Parameter = Parameter::new(
    "state",
    "In this state only; `stalled` ones wait for a referral longer than they may",
    Kind::OneOf(&STATES),
);
const REASON: Parameter =
    Parameter::new("reason", "With this reason, or one that begins with this code", Kind::Text);
const QUERY: [Parameter; 4] = [STATE, REASON, Parameter::LIMIT, Parameter::CURSOR];

pub(crate) const LIST: Spec = Spec {
    about: "In the order of upstream's ids. What is distributed as it stands is not among them.",
    query: &QUERY,
    ..Spec::new("Adoptions that wait, are stalled, anomalous or changed", Gives::Json(listed::<Adoption>))
};

pub(crate) const CSV: Spec = Spec {
    about: "In the order of upstream's ids, each as it stands when its page is written.",
    query: &[STATE, REASON],
    ..Spec::new("Adoptions that are not distributed as they stand, as CSV", Gives::Csv)
};

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let filter = filter(&query)?;
    let listing = Listing::new("adoptions", &filter);
    let after = query.cursor().map_or(Ok(Uuid::nil()), |cursor| listing.uuid(cursor))?;
    let now = Utc::now();
    let mut connection = api.connection().await?;
    let times = (now, api.stalled_before(now));
    let page = views::backlog::page(&mut connection, &filter, times, after, limit).await?;
    Ok(Listed::answer(page, |adoption| listing.after_uuid(adoption.original_adoption_id)))
}

pub(crate) async fn all(query: Query, api: Shared) -> Answer {
    let filter = filter(&query)?;
    let through = csv::through(&api).await?;
    Ok(csv::answer(Adoptions { api, filter, through, now: Utc::now(), after: Uuid::nil() }, through))
}

fn filter(query: &Query) -> Result<Filter, Problem> {
    let state = query.one_of("state", &STATES)?;
    let stalled = state == Some("stalled");
    let state = if stalled { Some("waiting") } else { state };
    let reason = query.text("reason").map(str::to_owned);
    Ok(Filter { state: state.map(str::to_owned), stalled, reason })
}

/// The adoptions that are being written.
struct Adoptions {
    api: Shared,
    filter: Filter,
    through: i64,
    now: DateTime<Utc>,
    after: Uuid,
}

impl Export for Adoptions {
    const HEADER: &'static str = "originalAdoptionId,state,reason,waitingFor,stalled,since,ageSeconds,\
        accountSequence,adoptionDate,treeCount,status,distributionState,warning";
    const FILE: &'static str = "adoptions.csv";

    async fn page(&mut self) -> Result<(String, bool), Problem> {
        let mut connection = self.api.connection_including(self.through).await?;
        let times = (self.now, self.api.stalled_before(self.now));
        let page = views::backlog::page(&mut connection, &self.filter, times, self.after, csv::PAGE).await?;
        self.after = page.items.last().map_or(self.after, |last| last.original_adoption_id);
        Ok((page.items.iter().map(row).collect(), page.more))
    }
}

fn row(adoption: &Adoption) -> String {
    let Adoption { original_adoption_id, state, stalled, age_seconds, adoption_date, .. } = adoption;
    let text = |value: &Option<String>| csv::optional_text(value.as_deref());
    let (reason, waiting_for) = (text(&adoption.reason), text(&adoption.waiting_for));
    let (since, account) = (adoption.since.to_rfc3339(), csv::text(&adoption.account_sequence));
    let (trees, status) = (csv::optional(adoption.tree_count), text(&adoption.status));
    let (distributed, warning) = (text(&adoption.distribution_state), text(&adoption.warning));
    format!(
        "{original_adoption_id},{state},{reason},{waiting_for},{stalled},{since},{age_seconds},{account},\
         {adoption_date},{trees},{status},{distributed},{warning}\r\n"
    )
}
