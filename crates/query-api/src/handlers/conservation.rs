//! `GET /conservation`: the identities of RULES section 8 that are watched while the service runs.

use std::sync::Arc;

use actix_web::HttpResponse;
use chrono::Utc;

use super::{Answer, Shared};
use crate::openapi::spec::{Gives, Spec, schema};
use crate::problem::Problem;
use crate::state::Api;
use crate::tally::{self, Conservation};

pub(crate) const GET: Spec = Spec {
    about: "Two ways to each number, read in one snapshot; kept for at most a minute. After a start the ledger is summed \
        first, and `holds` is null until that is done.",
    ..Spec::new("The identities of the books that are watched live", Gives::Json(schema::<Conservation>))
};

pub(crate) async fn get(api: Shared) -> Answer {
    let conservation = kept(&api).await?;
    Ok(HttpResponse::Ok().json(&*conservation))
}

/// Sets the metrics; a database that is away leaves them as they are.
pub(crate) async fn publish(api: &Api) {
    let Ok(conservation) = kept(api).await else { return };
    if conservation.holds.is_some() {
        let broken = conservation.identities.iter().filter(|identity| !identity.holds).count();
        let broken = u32::try_from(broken).unwrap_or(u32::MAX);
        metrics::gauge!("contrib_conservation_broken_identities").set(f64::from(broken));
    }
}

async fn kept(api: &Api) -> Result<Arc<Conservation>, Problem> {
    let make = async || {
        api.ready()?;
        tally::check(&api.tally, &api.pool, Utc::now()).await
    };
    api.conservation.get(make).await
}
