//! `contribution_accounts`: the summary that is kept with the ledger, and the event for each change of it.
//!
//! One statement locks the rows in the order of their names, creates those that are missing, adds the deltas, and
//! puts one event for each into the outbox, whose ids are so drawn while the account's row lock is held.
//! Part of the worker's transaction, one round trip.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::Amount;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, Result};

/// What one chunk does to one account.
#[derive(Debug, Clone)]
pub struct AccountDelta {
    /// Whose.
    pub account: String,
    /// Added to `personal_contribution`.
    pub personal: Amount,
    /// Added to `team_level_contribution`.
    pub team_level: Amount,
    /// Added to `team_bonus_contribution`.
    pub team_bonus: Amount,
    /// Added to `effective_contribution`.
    pub effective: Amount,
    /// The counts after the newest entry of the chunk that changed them.
    pub unlock: Option<Unlock>,
}

impl AccountDelta {
    /// Changes nothing but the version: the account is published as it is.
    pub fn nothing(account: String) -> Self {
        let zero = Amount::ZERO;
        Self { account, personal: zero, team_level: zero, team_bonus: zero, effective: zero, unlock: None }
    }
}

/// Counts of an account after an entry, with what they unlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlock {
    /// The entry.
    pub seq: i64,
    /// It has a live adoption.
    pub has_adopted: bool,
    /// Direct referrals with a live adoption.
    pub directs: i32,
    /// Unlocked level depth.
    pub depth: i32,
    /// Unlocked bonus tiers.
    pub tiers: i32,
}

/// Under what a chunk is booked.
#[derive(Debug, Clone)]
pub struct Booking {
    /// The business day, held by the caller.
    pub day: NaiveDate,
    /// Each account is to be asked for which day it holds: see [`crate::business_day::Held`].
    pub rolling: bool,
    /// The moment, as it stands in the ledger and the events.
    pub at: DateTime<Utc>,
    /// Shards of the outbox.
    pub shards: i16,
    /// The trace of the chunk's first entry.
    pub traceparent: Option<String>,
}

/// Adds `deltas`, which are sorted by account and name each once, and queues their events.
pub async fn add(connection: &mut PgConnection, deltas: &[AccountDelta], booking: &Booking) -> Result<()> {
    let accounts: Vec<&str> = deltas.iter().map(|delta| delta.account.as_str()).collect();
    let personal = decimals(deltas, |delta| delta.personal)?;
    let team_level = decimals(deltas, |delta| delta.team_level)?;
    let team_bonus = decimals(deltas, |delta| delta.team_bonus)?;
    let effective = decimals(deltas, |delta| delta.effective)?;
    let unlock = |read: fn(&Unlock) -> i32| -> Vec<i32> {
        deltas.iter().map(|delta| delta.unlock.as_ref().map_or(0, read)).collect()
    };
    let seqs: Vec<i64> = deltas.iter().map(|delta| delta.unlock.map_or(0, |unlock| unlock.seq)).collect();
    let adopted: Vec<bool> =
        deltas.iter().map(|delta| delta.unlock.is_some_and(|unlock| unlock.has_adopted)).collect();
    let done = sqlx::query_file!(
        "src/accounts_add.sql",
        &accounts as &[&str],
        &personal,
        &team_level,
        &team_bonus,
        &effective,
        &seqs,
        &adopted,
        &unlock(|unlock| unlock.directs),
        &unlock(|unlock| unlock.depth),
        &unlock(|unlock| unlock.tiers),
        booking.at,
        booking.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        booking.day.to_string(),
        booking.shards,
        booking.traceparent,
        &new_ids(deltas.len()),
        &new_ids(deltas.len()),
        booking.rolling
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == deltas.len() as u64 {
        Ok(())
    } else {
        Err(Error::corrupt(format!("{} accounts sent, {} written", deltas.len(), done.rows_affected())))
    }
}

fn new_ids(count: usize) -> Vec<Uuid> {
    std::iter::repeat_with(Uuid::new_v4).take(count).collect()
}

fn decimals(deltas: &[AccountDelta], read: impl Fn(&AccountDelta) -> Amount) -> Result<Vec<Decimal>> {
    deltas.iter().map(|delta| Ok(read(delta).to_decimal()?)).collect()
}
