//! The backlog: every adoption that was judged and is not distributed as it stands upstream, with why.
//!
//! Only the sequencer writes here, so its rows need no lock. Part of the caller's transaction, one round trip a
//! function. `since` stays while state and reason stay.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// What there is to do about an adoption, or why nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was distributed and has changed since: a REVERSE is due, or it was reversed and is due again.
    Changed,
    /// It can be numbered.
    Ready,
    /// It cannot be numbered yet.
    Waiting,
    /// Its facts cannot be right.
    Anomaly,
    /// It does not count.
    Ineligible,
}

impl State {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
            Self::Anomaly => "anomaly",
            Self::Ineligible => "ineligible",
        }
    }
}

/// One adoption of the backlog.
#[derive(Debug, Clone)]
pub struct Item {
    /// Upstream id.
    pub id: Uuid,
    /// What there is to do.
    pub state: State,
    /// Its adopter.
    pub account: String,
    /// Ready adoptions go by this …
    pub adoption_date: NaiveDate,
    /// … then by this, unknown last, then by the id.
    pub created_at: Option<DateTime<Utc>>,
    /// The account whose referral row or move it waits for.
    pub waiting_for: Option<String>,
    /// The accounts that its walk passed, if it waits for an account or its upline runs in a circle.
    pub passed: Vec<String>,
    /// Why, in words.
    pub reason: Option<String>,
}

/// Puts items in, or brings those that are there up to date.
pub async fn put(connection: &mut PgConnection, items: &[Item], now: DateTime<Utc>) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = items.iter().map(|item| item.id).collect();
    let states: Vec<&str> = items.iter().map(|item| item.state.as_str()).collect();
    let accounts: Vec<&str> = items.iter().map(|item| item.account.as_str()).collect();
    let dates: Vec<NaiveDate> = items.iter().map(|item| item.adoption_date).collect();
    let created: Vec<Option<DateTime<Utc>>> = items.iter().map(|item| item.created_at).collect();
    let waiting_for: Vec<Option<&str>> = items.iter().map(|item| item.waiting_for.as_deref()).collect();
    // UNNEST would take an array of arrays apart, and '/' stands in no name
    let passed: Vec<String> = items.iter().map(|item| item.passed.join("/")).collect();
    let reasons: Vec<Option<&str>> = items.iter().map(|item| item.reason.as_deref()).collect();
    sqlx::query!(
        "INSERT INTO sequencer_backlog AS b (original_adoption_id, state, account_sequence, adoption_date,
             source_created_at, waiting_for, passed, reason, since)
         SELECT id, state, account, date, coalesce(created, 'infinity'), waiting_for, string_to_array(passed, '/'),
             reason, $9
         FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::date[], $5::timestamptz[], $6::text[], $7::text[],
             $8::text[]) AS t (id, state, account, date, created, waiting_for, passed, reason)
         ON CONFLICT (original_adoption_id) DO UPDATE SET state = excluded.state,
             account_sequence = excluded.account_sequence, adoption_date = excluded.adoption_date,
             source_created_at = excluded.source_created_at, waiting_for = excluded.waiting_for,
             passed = excluded.passed, reason = excluded.reason,
             since = CASE WHEN (b.state, b.reason) IS NOT DISTINCT FROM (excluded.state, excluded.reason)
                 THEN b.since ELSE excluded.since END",
        &ids,
        &states as &[&str],
        &accounts as &[&str],
        &dates,
        &created as &[Option<DateTime<Utc>>],
        &waiting_for as &[Option<&str>],
        &passed,
        &reasons as &[Option<&str>],
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes items out: they were numbered, or there is nothing to do about them.
pub async fn remove(connection: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!("DELETE FROM sequencer_backlog WHERE original_adoption_id = ANY($1)", ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// The first `limit` adoptions that changed after they were distributed, by id.
pub async fn first_changed(connection: &mut PgConnection, limit: i64) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "SELECT original_adoption_id FROM sequencer_backlog WHERE state = 'changed'
         ORDER BY original_adoption_id LIMIT $1",
        limit
    );
    Ok(ids.fetch_all(connection).await?)
}

/// A ready adoption with the place it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Upstream id.
    pub id: Uuid,
    /// The date it was judged by.
    pub adoption_date: NaiveDate,
    /// Upstream's creation time, where it is known.
    pub created_at: Option<DateTime<Utc>>,
}

/// The first `limit` ready adoptions in the order of RULES section 3.
pub async fn first_ready(connection: &mut PgConnection, limit: i64) -> Result<Vec<Ready>> {
    let rows = sqlx::query_as!(
        Ready,
        "SELECT original_adoption_id AS id, adoption_date, nullif(source_created_at, 'infinity') AS created_at
         FROM sequencer_backlog WHERE state = 'ready'
         ORDER BY adoption_date, source_created_at, original_adoption_id LIMIT $1",
        limit
    );
    Ok(rows.fetch_all(connection).await?)
}
