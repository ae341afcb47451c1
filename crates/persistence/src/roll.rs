//! The roll: the business day moves on by one day, and every effective contribution with it (RULES section 6).
//!
//! Guarantees that each line counts in effective contribution on exactly the days on which it lives, at every commit:
//! an account that the cursor has passed holds for the new day, another for the day before, and what is booked from the
//! first step on counts by itself and never in this roll. Each function but [`state`] is the whole of one bounded
//! transaction of the caller and moves its own mark in it, so it can be killed and repeated at any point.
//!
//! Every step first takes the row of `business_day` and looks whether the roll still stands where the caller believes:
//! a scheduler that was replaced writes nothing. Workers read that row without a lock. Locks: the business day → its
//! row → accounts in byte order, one statement → outbox → system accounts.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use sqlx::PgConnection;

use crate::calls::{self, Channel};
use crate::{Error, Result, locks};

/// How far a roll is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// None is under way.
    Idle,
    /// What was booked before is added up.
    Summing,
    /// Accounts are brought over; the last one that was.
    Accounts(Option<String>),
    /// Lines that expired are marked.
    Marking,
}

impl Phase {
    fn parse(name: &str, cursor: Option<String>) -> Result<Self> {
        match name {
            "idle" => Ok(Self::Idle),
            "summing" => Ok(Self::Summing),
            "accounts" => Ok(Self::Accounts(cursor)),
            "marking" => Ok(Self::Marking),
            other => Err(Error::corrupt(format_args!("business_day.roll_phase {other:?}"))),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Summing => "summing",
            Self::Accounts(_) => "accounts",
            Self::Marking => "marking",
        }
    }

    fn cursor(&self) -> Option<&str> {
        match self {
            Self::Accounts(cursor) => cursor.as_deref(),
            Self::Idle | Self::Summing | Self::Marking => None,
        }
    }
}

/// Where the calendar stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The business day.
    pub day: NaiveDate,
    /// The roll to it.
    pub phase: Phase,
    /// The first day that gets a snapshot; None: the history is not carried out yet.
    pub snapshots_from: Option<NaiveDate>,
}

/// Where the calendar stands at this moment.
pub async fn state(connection: &mut PgConnection) -> Result<State> {
    let row = sqlx::query!("SELECT current_day, roll_phase, roll_cursor, snapshots_from FROM business_day")
        .fetch_one(connection)
        .await?;
    Ok(State {
        day: row.current_day,
        phase: Phase::parse(&row.roll_phase, row.roll_cursor)?,
        snapshots_from: row.snapshots_from,
    })
}

/// Moves the roll from `from` to `to`, or errs where it does not stand there any more.
async fn advance(
    connection: &mut PgConnection,
    day: NaiveDate,
    from: &Phase,
    to: &Phase,
    at: DateTime<Utc>,
) -> Result<()> {
    let moved = sqlx::query!(
        "UPDATE business_day SET roll_phase = $4, roll_cursor = $5, updated_at = $6
         WHERE current_day = $1 AND roll_phase = $2 AND roll_cursor IS NOT DISTINCT FROM $3",
        day,
        from.name(),
        from.cursor(),
        to.name(),
        to.cursor(),
        at
    )
    .execute(connection)
    .await?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(Error::LostLeadership) }
}

/// Step 1: the day moves from the one before `day`. Whoever books under the day before has committed when this returns.
pub async fn begin(connection: &mut PgConnection, day: NaiveDate, at: DateTime<Utc>) -> Result<()> {
    locks::hold(connection, locks::BUSINESS_DAY).await?;
    let moved = sqlx::query!(
        "UPDATE business_day SET current_day = $1, roll_phase = 'summing', roll_cursor = NULL, updated_at = $2
         WHERE current_day = $1::date - 1 AND roll_phase = 'idle'",
        day,
        at
    )
    .execute(connection)
    .await?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(Error::LostLeadership) }
}

/// Step 2: adds up the next chunks booked before `day`, of about `entries` entries; gives how many entries there were.
/// With none left it goes on to the accounts.
pub async fn sum_next(
    connection: &mut PgConnection,
    day: NaiveDate,
    entries: i64,
    at: DateTime<Utc>,
) -> Result<u64> {
    advance(connection, day, &Phase::Summing, &Phase::Summing, at).await?;
    let chunks = sqlx::query!(
        r#"SELECT first_seq, last_seq FROM (
               SELECT first_seq, last_seq, sum(last_seq - first_seq + 1) OVER (ORDER BY booked_day, first_seq) AS through
               FROM distribution_chunks WHERE added_up_at IS NULL AND booked_day < $1
               ORDER BY booked_day, first_seq LIMIT $2) AS next
           WHERE through - (last_seq - first_seq + 1) < $2"#,
        day,
        entries
    )
    .fetch_all(&mut *connection)
    .await?;
    if chunks.is_empty() {
        advance(connection, day, &Phase::Summing, &Phase::Accounts(None), at).await?;
        return Ok(0);
    }
    let (firsts, lasts): (Vec<i64>, Vec<i64>) =
        chunks.iter().map(|chunk| (chunk.first_seq, chunk.last_seq)).unzip();
    add_up_accounts(connection, &firsts, &lasts).await?;
    add_up_missed(connection, &firsts, &lasts).await?;
    note_expiries(connection, day, &firsts, &lasts).await?;
    sqlx::query!("UPDATE distribution_chunks SET added_up_at = $2 WHERE first_seq = ANY($1)", &firsts, at)
        .execute(connection)
        .await?;
    Ok(firsts.iter().zip(&lasts).map(|(first, last)| u64::try_from(last - first + 1).unwrap_or(0)).sum())
}

/// `account_daily_contribution`: what begins and ceases to live on each day, by account.
async fn add_up_accounts(connection: &mut PgConnection, firsts: &[i64], lasts: &[i64]) -> Result<()> {
    sqlx::query!(
        "WITH span AS MATERIALIZED (
             SELECT ledger_id_floor(first) AS low, ledger_id_floor(last + 1) AS high
             FROM UNNEST($1::bigint[], $2::bigint[]) AS t (first, last)
         ), line AS (
             SELECT r.account_sequence AS account, r.effective_date, r.expire_date, r.amount
             FROM span JOIN contribution_records r ON r.id >= span.low AND r.id < span.high
             UNION ALL
             SELECT 'SYS-' || s.account_type, r.effective_date, r.expire_date, r.amount
             FROM span JOIN system_contribution_records r ON r.id >= span.low AND r.id < span.high
             JOIN system_accounts s ON s.id = r.system_account_id
         ), term AS (
             SELECT account, effective_date, expire_date, sum(amount) AS amount FROM line GROUP BY 1, 2, 3
         )
         INSERT INTO account_daily_contribution AS d (account_sequence, day, activated, expired)
         SELECT account, day, sum(activated), sum(expired) FROM (
             SELECT account, effective_date AS day, amount AS activated, 0 AS expired FROM term
             UNION ALL SELECT account, expire_date, 0, amount FROM term WHERE expire_date IS NOT NULL) AS turn
         GROUP BY account, day
         ON CONFLICT (account_sequence, day) DO UPDATE
             SET activated = d.activated + excluded.activated, expired = d.expired + excluded.expired",
        firsts,
        lasts
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// `missed_daily`: what went to headquarters, by the day it was booked, reason, level or tier, and who missed it. What a
/// REVERSE takes back is taken off, and its lines are counted with the others.
async fn add_up_missed(connection: &mut PgConnection, firsts: &[i64], lasts: &[i64]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO missed_daily AS m (day, reason, level_or_tier, account_sequence, amount, lines)
         SELECT c.booked_day, split_part(u.reason, ':', 1),
             coalesce(u.level_depth, substring(u.unalloc_type FROM 'BONUS_TIER_([0-9]+)')::int, 0),
             u.would_be_account_sequence, sum(u.amount), count(*)
         FROM UNNEST($1::bigint[], $2::bigint[]) AS t (first, last)
         JOIN distribution_chunks c ON c.first_seq = t.first
         JOIN unallocated_contributions u
             ON u.id >= ledger_id_floor(t.first) AND u.id < ledger_id_floor(t.last + 1)
         GROUP BY 1, 2, 3, 4
         ON CONFLICT (day, reason, level_or_tier, account_sequence) DO UPDATE
             SET amount = m.amount + excluded.amount, lines = m.lines + excluded.lines",
        firsts,
        lasts
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// `chunk_expiries`: where the lines are that expire on `day` or later.
async fn note_expiries(
    connection: &mut PgConnection,
    day: NaiveDate,
    firsts: &[i64],
    lasts: &[i64],
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO chunk_expiries (expire_date, first_seq, last_seq)
         SELECT DISTINCT j.expire_date, t.first, t.last
         FROM UNNEST($2::bigint[], $3::bigint[]) AS t (first, last)
         JOIN distribution_journal j ON j.distribution_seq BETWEEN t.first AND t.last
         WHERE j.expire_date >= $1",
        day,
        firsts,
        lasts
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How the events of a roll are written.
#[derive(Debug, Clone)]
pub struct Events {
    /// Shards of the outbox.
    pub shards: i16,
    /// The trace that they belong to.
    pub traceparent: String,
    /// When, in whole microseconds.
    pub at: DateTime<Utc>,
}

/// Step 3: brings at most `limit` accounts over to `day`, from behind `cursor` on, and queues their events; gives the new
/// cursor. With none left it goes on to the marks and gives None.
pub async fn bring_over_next(
    connection: &mut PgConnection,
    day: NaiveDate,
    cursor: Option<&str>,
    limit: i64,
    events: &Events,
) -> Result<Option<String>> {
    let at = events.at;
    let from = Phase::Accounts(cursor.map(str::to_owned));
    let last = sqlx::query_scalar!(
        r#"SELECT max(account_sequence) AS "last?" FROM (
               SELECT account_sequence FROM account_daily_contribution
               WHERE day = $1 AND account_sequence > coalesce($2, '') ORDER BY account_sequence LIMIT $3) AS next"#,
        day,
        cursor,
        limit
    )
    .fetch_one(&mut *connection)
    .await?;
    let Some(last) = last else {
        advance(connection, day, &from, &Phase::Marking, at).await?;
        return Ok(None);
    };
    advance(connection, day, &from, &Phase::Accounts(Some(last.clone())), at).await?;
    sqlx::query_file!(
        "src/roll_accounts.sql",
        day,
        cursor,
        last,
        at,
        at.to_rfc3339_opts(SecondsFormat::Micros, true),
        events.shards,
        events.traceparent
    )
    .execute(&mut *connection)
    .await?;
    calls::call(connection, Channel::Outbox).await?;
    sqlx::query!(
        "UPDATE system_accounts s SET effective_balance = s.effective_balance + d.activated - d.expired,
             version = s.version + 1, updated_at = $4
         FROM account_daily_contribution d
         WHERE d.day = $1 AND d.account_sequence = 'SYS-' || s.account_type
             AND d.account_sequence > coalesce($2, '') AND d.account_sequence <= $3
             AND (d.activated <> 0 OR d.expired <> 0)",
        day,
        cursor,
        last,
        at
    )
    .execute(connection)
    .await?;
    Ok(Some(last))
}

/// Step 4: marks the lines of at most `chunks` chunks that expired on `day`; gives how many lines. With no chunk left the
/// roll is complete, and it gives None.
pub async fn mark_next(
    connection: &mut PgConnection,
    day: NaiveDate,
    chunks: i64,
    at: DateTime<Utc>,
) -> Result<Option<u64>> {
    advance(connection, day, &Phase::Marking, &Phase::Marking, at).await?;
    let due = sqlx::query!(
        "DELETE FROM chunk_expiries WHERE (expire_date, first_seq) IN (
             SELECT expire_date, first_seq FROM chunk_expiries WHERE expire_date <= $1
             ORDER BY expire_date, first_seq LIMIT $2)
         RETURNING first_seq, last_seq",
        day,
        chunks
    )
    .fetch_all(&mut *connection)
    .await?;
    if due.is_empty() {
        advance(connection, day, &Phase::Marking, &Phase::Idle, at).await?;
        return Ok(None);
    }
    let (firsts, lasts): (Vec<i64>, Vec<i64>) = due.iter().map(|due| (due.first_seq, due.last_seq)).unzip();
    let lines = sqlx::query!(
        "UPDATE contribution_records r SET is_expired = TRUE, expired_at = $4
         FROM (SELECT ledger_id_floor(first) AS low, ledger_id_floor(last + 1) AS high
               FROM UNNEST($2::bigint[], $3::bigint[]) AS t (first, last)) AS span
         WHERE r.id >= span.low AND r.id < span.high AND r.expire_date <= $1 AND NOT r.is_expired",
        day,
        &firsts,
        &lasts,
        at
    )
    .execute(&mut *connection)
    .await?;
    let system = sqlx::query!(
        "UPDATE system_contribution_records r SET is_expired = TRUE
         FROM (SELECT ledger_id_floor(first) AS low, ledger_id_floor(last + 1) AS high
               FROM UNNEST($2::bigint[], $3::bigint[]) AS t (first, last)) AS span
         WHERE r.id >= span.low AND r.id < span.high AND r.expire_date <= $1 AND NOT r.is_expired",
        day,
        &firsts,
        &lasts
    )
    .execute(connection)
    .await?;
    Ok(Some(lines.rows_affected() + system.rows_affected()))
}
