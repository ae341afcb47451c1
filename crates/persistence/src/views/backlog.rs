//! Adoptions that are not distributed as they stand, in the order of their upstream ids. One round trip a function.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Page;
use crate::Result;

/// Code with which the reason of an adoption that waits for a referral row begins (RULES section 2).
const MISSING_REFERRAL: &str = "MISSING_REFERRAL";

/// One adoption of the backlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", schema(as = BacklogAdoption))]
pub struct Adoption {
    /// Upstream's id.
    pub original_adoption_id: Uuid,
    /// `changed`, `ready`, `waiting`, `anomaly` or `ineligible`.
    pub state: String,
    /// Why, code first.
    pub reason: Option<String>,
    /// The account whose referral row or move it waits for.
    pub waiting_for: Option<String>,
    /// Whether it has waited for a referral longer than it may.
    pub stalled: bool,
    /// When this state and reason began.
    pub since: DateTime<Utc>,
    /// Seconds since then.
    pub age_seconds: i64,
    /// Its adopter.
    pub account_sequence: String,
    /// When it was adopted.
    pub adoption_date: NaiveDate,
    /// Trees, as upstream has them now.
    pub tree_count: Option<i32>,
    /// Status, as upstream has it now.
    pub status: Option<String>,
    /// What of it was distributed so far: `distribution_state` of the adoption.
    pub distribution_state: Option<String>,
    /// What to look into.
    pub warning: Option<String>,
}

/// Which adoptions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// In this state only.
    pub state: Option<String>,
    /// Stalled ones only.
    pub stalled: bool,
    /// With this reason, or one that begins with this code.
    pub reason: Option<String>,
}

/// How many adoptions are in each state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Distributed, and changed since.
    pub changed: i64,
    /// To be numbered.
    pub ready: i64,
    /// Not to be numbered yet.
    pub waiting: i64,
    /// Those of them that have waited for a referral longer than they may.
    pub stalled: i64,
    /// Kept and shown, not distributed.
    pub anomaly: i64,
    /// Not to be counted.
    pub ineligible: i64,
}

/// Adoptions that pass `filter` with an id above `after`. Those that wait for a referral since before `stalled_before`
/// are stalled; ages are counted to `now`.
pub async fn page(
    connection: &mut PgConnection,
    filter: &Filter,
    (now, stalled_before): (DateTime<Utc>, DateTime<Utc>),
    after: Uuid,
    limit: i64,
) -> Result<Page<Adoption>> {
    let rows = sqlx::query_as!(
        Adoption,
        r#"SELECT b.original_adoption_id, b.state, b.reason, b.waiting_for,
               b.state = 'waiting' AND b.since < $5 AND coalesce(split_part(b.reason, ':', 1) = $6, FALSE)
                   AS "stalled!",
               b.since, extract(epoch FROM $4::timestamptz - b.since)::bigint AS "age_seconds!",
               b.account_sequence, b.adoption_date, a.tree_count AS "tree_count?", a.status AS "status?",
               a.distribution_state AS "distribution_state?", a.warning AS "warning?"
           FROM sequencer_backlog b LEFT JOIN synced_adoptions a USING (original_adoption_id)
           WHERE b.original_adoption_id > $1
               AND ($2::text IS NULL OR b.state = $2)
               AND ($3::text IS NULL OR b.reason = $3 OR split_part(b.reason, ':', 1) = $3)
               AND (NOT $7::bool
                   OR b.state = 'waiting' AND b.since < $5 AND split_part(b.reason, ':', 1) = $6)
           ORDER BY b.original_adoption_id LIMIT $8::bigint + 1"#,
        after,
        filter.state,
        filter.reason,
        now,
        stalled_before,
        MISSING_REFERRAL,
        filter.stalled,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(Page::from_rows(rows, limit))
}

/// Counts of all states.
pub async fn counts(connection: &mut PgConnection, stalled_before: DateTime<Utc>) -> Result<Counts> {
    Ok(sqlx::query_as!(
        Counts,
        r#"SELECT count(*) FILTER (WHERE state = 'changed') AS "changed!",
               count(*) FILTER (WHERE state = 'ready') AS "ready!",
               count(*) FILTER (WHERE state = 'waiting') AS "waiting!",
               count(*) FILTER (WHERE state = 'waiting' AND since < $1 AND split_part(reason, ':', 1) = $2)
                   AS "stalled!",
               count(*) FILTER (WHERE state = 'anomaly') AS "anomaly!",
               count(*) FILTER (WHERE state = 'ineligible') AS "ineligible!"
           FROM sequencer_backlog"#,
        stalled_before,
        MISSING_REFERRAL
    )
    .fetch_one(connection)
    .await?)
}
