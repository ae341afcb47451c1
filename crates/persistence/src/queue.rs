//! What changed upstream and has not been judged: written by the ingestor, emptied by the sequencer.
//!
//! Rows are only inserted and deleted, each by its id, so neither side waits for the other and a row that commits
//! late is simply seen late. Part of the caller's transaction, no row lock, one round trip a function.

use chrono::{DateTime, NaiveDate, Utc};
use domain::AccountSequence;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, Result};

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// An account's referral row appeared, changed or went.
    Referral(AccountSequence),
    /// An adoption changed, by its upstream id.
    Adoption(Uuid),
}

/// At most `limit` rows with their ids, oldest first.
pub async fn first(connection: &mut PgConnection, limit: i64) -> Result<Vec<(i64, Changed)>> {
    let rows = sqlx::query!(
        "SELECT id, account_sequence, original_adoption_id FROM sequencer_queue ORDER BY id LIMIT $1",
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| match (row.original_adoption_id, row.account_sequence) {
            (Some(adoption), _) => Ok((row.id, Changed::Adoption(adoption))),
            (None, Some(account)) => Ok((row.id, Changed::Referral(AccountSequence::parse(&account)?))),
            (None, None) => Err(Error::corrupt(format!("sequencer_queue {} names nothing", row.id))),
        })
        .collect()
}

/// Takes the rows away.
pub async fn delete(connection: &mut PgConnection, ids: &[i64]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!("DELETE FROM sequencer_queue WHERE id = ANY($1)", ids).execute(connection).await?;
    Ok(())
}

/// Queues every adoption of the backlog that waits, or stands in a circle, and whose walk passed one of `accounts`:
/// their referrals changed, and the walk may take another way or go on.
pub async fn requeue_passing(connection: &mut PgConnection, accounts: &[String]) -> Result<u64> {
    let done = sqlx::query!(
        "INSERT INTO sequencer_queue (kind, original_adoption_id)
         SELECT 1, original_adoption_id FROM sequencer_backlog
         WHERE passed <> '{}' AND passed && $1::varchar[]",
        accounts
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// When the whole backlog was last looked at again, and under what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogCheck {
    /// When.
    pub at: DateTime<Utc>,
    /// The business day then.
    pub day: NaiveDate,
    /// The rules of readiness then.
    pub rules: String,
}

/// The last check; None: there was none yet.
pub async fn last_check(connection: &mut PgConnection) -> Result<Option<BacklogCheck>> {
    let row = sqlx::query!(
        "SELECT backlog_checked_at, backlog_checked_day, backlog_checked_by FROM sequencer_state"
    )
    .fetch_one(connection)
    .await?;
    let check = (row.backlog_checked_at, row.backlog_checked_day, row.backlog_checked_by);
    let (Some(at), Some(day), Some(rules)) = check else { return Ok(None) };
    Ok(Some(BacklogCheck { at, day, rules }))
}

/// Notes that the whole backlog has been queued.
pub async fn note_check(connection: &mut PgConnection, check: &BacklogCheck) -> Result<()> {
    sqlx::query!(
        "UPDATE sequencer_state
         SET backlog_checked_at = $1, backlog_checked_day = $2, backlog_checked_by = $3",
        check.at,
        check.day,
        check.rules
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Queues every adoption that waits or is an anomaly: at a new business day, under other rules, and now and then.
pub async fn requeue_backlog(connection: &mut PgConnection) -> Result<u64> {
    let done = sqlx::query!(
        "INSERT INTO sequencer_queue (kind, original_adoption_id)
         SELECT 1, original_adoption_id FROM sequencer_backlog WHERE state IN ('waiting', 'anomaly')"
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// How many rows there are.
pub async fn len(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM sequencer_queue"#)
        .fetch_one(connection)
        .await?)
}
