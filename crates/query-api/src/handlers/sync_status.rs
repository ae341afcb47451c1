//! `GET /sync-status`: how far every stage has come.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use persistence::views::as_of::{self, BusinessDay};
use persistence::views::backlog::{self, Counts};
use persistence::views::sync_status::{self, DeadLetters, Distribution, Outbox, Sequencer, Source, Topic};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Shared};
use crate::openapi::spec::{Gives, Spec, schema};
use crate::problem::Problem;
use crate::state::Api;

/// `GET /sync-status`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncStatus {
    epoch: i32,
    checked_at: DateTime<Utc>,
    topics: Vec<Topic>,
    sources: Vec<Source>,
    dead_letters: OpenLetters,
    adoptions: Counts,
    sequencer: Sequencer,
    distribution: Distribution,
    outbox: Outbox,
    business_day: BusinessDay,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OpenLetters {
    open: i64,
    by_code: Vec<DeadLetters>,
}

pub(crate) const GET: Spec = Spec {
    about: "Kept for at most a minute: `checkedAt` says when it was read.",
    ..Spec::new("How far every stage has come", Gives::Json(schema::<SyncStatus>))
};

pub(crate) async fn get(api: Shared) -> Answer {
    let status = api.sync_status.get(async || read(&api).await).await?;
    Ok(HttpResponse::Ok().json(&*status))
}

async fn read(api: &Api) -> Result<SyncStatus, Problem> {
    let now = Utc::now();
    let mut snapshot = api.snapshot().await?;
    let by_code = sync_status::dead_letters(&mut snapshot).await?;
    let (as_of, business_day) = as_of::read(&mut snapshot).await?;
    Ok(SyncStatus {
        epoch: as_of.epoch,
        checked_at: now,
        topics: sync_status::topics(&mut snapshot, now).await?,
        sources: sync_status::sources(&mut snapshot).await?,
        dead_letters: OpenLetters { open: by_code.iter().map(|letters| letters.count).sum(), by_code },
        adoptions: backlog::counts(&mut snapshot, api.stalled_before(now)).await?,
        sequencer: sync_status::sequencer(&mut snapshot).await?,
        distribution: sync_status::distribution(&mut snapshot).await?,
        outbox: sync_status::outbox(&mut snapshot, now).await?,
        business_day,
    })
}
