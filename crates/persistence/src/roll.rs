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

/// Entries one behind the other: a range of the ledger's key, which is read as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: i64,
    last: i64,
}

impl Span {
    /// Chunks that are in order, put together where no entry lies between them.
    fn joined(chunks: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut spans: Vec<Self> = Vec::new();
        for chunk in chunks {
            match spans.last_mut() {
                Some(span) if span.last + 1 == chunk.first => span.last = chunk.last,
                _ => spans.push(chunk),
            }
        }
        spans
    }
}

/// Step 2: adds up the next chunks booked before `day`, of at most `entries` entries where they are more than one; gives
/// how many entries there were. With none left it goes on to the accounts.
pub async fn sum_next(
    connection: &mut PgConnection,
    day: NaiveDate,
    entries: i64,
    at: DateTime<Utc>,
) -> Result<u64> {
    advance(connection, day, &Phase::Summing, &Phase::Summing, at).await?;
    let Some((booked_day, span)) = next_booked(connection, day, entries).await? else {
        advance(connection, day, &Phase::Summing, &Phase::Accounts(None), at).await?;
        return Ok(0);
    };
    add_up_accounts(connection, span).await?;
    add_up_missed(connection, booked_day, span).await?;
    note_expiries(connection, day, span).await?;
    sqlx::query!(
        "UPDATE distribution_chunks SET added_up_at = $3 WHERE first_seq BETWEEN $1 AND $2",
        span.first,
        span.last,
        at
    )
    .execute(connection)
    .await?;
    Ok((span.last + 1 - span.first).unsigned_abs())
}

/// The first chunks booked before `day` that are not added up: one behind the other, all booked on one day.
async fn next_booked(
    connection: &mut PgConnection,
    day: NaiveDate,
    entries: i64,
) -> Result<Option<(NaiveDate, Span)>> {
    let rows = sqlx::query!(
        r#"SELECT booked_day AS "booked_day!", first_seq, last_seq FROM distribution_chunks
           WHERE added_up_at IS NULL AND booked_day < $1 ORDER BY booked_day, first_seq LIMIT $2"#,
        day,
        entries
    )
    .fetch_all(connection)
    .await?;
    let mut rows = rows.into_iter();
    let Some(row) = rows.next() else { return Ok(None) };
    let (booked_day, mut span) = (row.booked_day, Span { first: row.first_seq, last: row.last_seq });
    for row in rows {
        let follows = row.booked_day == booked_day && row.first_seq == span.last + 1;
        if !follows || row.last_seq - span.first >= entries {
            break;
        }
        span.last = row.last_seq;
    }
    Ok(Some((booked_day, span)))
}

/// `account_daily_contribution`: what begins and ceases to live on each day, by account.
async fn add_up_accounts(connection: &mut PgConnection, span: Span) -> Result<()> {
    sqlx::query!(
        "WITH line AS (
             SELECT account_sequence AS account, effective_date, expire_date, amount FROM contribution_records
             WHERE id >= ledger_id_floor($1) AND id < ledger_id_floor($2)
             UNION ALL
             SELECT 'SYS-' || s.account_type, r.effective_date, r.expire_date, r.amount
             FROM system_contribution_records r JOIN system_accounts s ON s.id = r.system_account_id
             WHERE r.id >= ledger_id_floor($1) AND r.id < ledger_id_floor($2)
         ), term AS (
             SELECT account, effective_date, expire_date, sum(amount) AS amount FROM line GROUP BY 1, 2, 3
         )
         INSERT INTO account_daily_contribution AS d (account_sequence, day, activated, expired)
         SELECT account, day, sum(activated), sum(expired) FROM (
             SELECT account, effective_date AS day, amount AS activated, 0 AS expired FROM term
             UNION ALL SELECT account, expire_date, 0, amount FROM term WHERE expire_date IS NOT NULL) AS turn
         GROUP BY account, day ORDER BY account, day
         ON CONFLICT (account_sequence, day) DO UPDATE
             SET activated = d.activated + excluded.activated, expired = d.expired + excluded.expired",
        span.first,
        span.last + 1
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// `missed_daily`: what went to headquarters, by the day it was booked, reason, level or tier, and who missed it. What a
/// REVERSE takes back is taken off, and its lines are counted with the others. Each span gives rows of its own.
async fn add_up_missed(connection: &mut PgConnection, booked_day: NaiveDate, span: Span) -> Result<()> {
    sqlx::query!(
        "INSERT INTO missed_daily (day, reason, level_or_tier, account_sequence, amount, lines)
         SELECT $1::date, split_part(reason, ':', 1),
             coalesce(level_depth, CASE WHEN starts_with(unalloc_type, 'BONUS_TIER_') THEN right(unalloc_type, 1)::int END, 0),
             would_be_account_sequence, sum(amount), count(*)
         FROM unallocated_contributions
         WHERE id >= ledger_id_floor($2) AND id < ledger_id_floor($3)
         GROUP BY 2, 3, 4 ORDER BY 4",
        booked_day,
        span.first,
        span.last + 1
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// `chunk_expiries`: where the lines are that expire on `day` or later.
async fn note_expiries(connection: &mut PgConnection, day: NaiveDate, span: Span) -> Result<()> {
    sqlx::query!(
        "INSERT INTO chunk_expiries (expire_date, first_seq, last_seq)
         SELECT DISTINCT j.expire_date, c.first_seq, c.last_seq
         FROM distribution_chunks c JOIN distribution_journal j ON j.distribution_seq BETWEEN c.first_seq AND c.last_seq
         WHERE c.first_seq BETWEEN $2 AND $3 AND j.distribution_seq BETWEEN $2 AND $3 AND j.expire_date >= $1",
        day,
        span.first,
        span.last
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
    // the day's rows have just been written, nothing has counted them, and a plan for one row joins in squares
    sqlx::query!("SET LOCAL enable_nestloop = off").execute(&mut *connection).await?;
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
    let mut due = sqlx::query_as!(
        Span,
        "DELETE FROM chunk_expiries WHERE (expire_date, first_seq) IN (
             SELECT expire_date, first_seq FROM chunk_expiries WHERE expire_date <= $1
             ORDER BY expire_date, first_seq LIMIT $2)
         RETURNING first_seq AS first, last_seq AS last",
        day,
        chunks
    )
    .fetch_all(&mut *connection)
    .await?;
    if due.is_empty() {
        advance(connection, day, &Phase::Marking, &Phase::Idle, at).await?;
        return Ok(None);
    }
    due.sort_unstable_by_key(|chunk| chunk.first);
    let mut lines = 0;
    for span in Span::joined(due.into_iter()) {
        lines += mark_expired(connection, day, span, at).await?;
    }
    Ok(Some(lines))
}

/// Marks the lines of `span` that expired until `day`.
async fn mark_expired(
    connection: &mut PgConnection,
    day: NaiveDate,
    span: Span,
    at: DateTime<Utc>,
) -> Result<u64> {
    let lines = sqlx::query!(
        "UPDATE contribution_records SET is_expired = TRUE, expired_at = $4
         WHERE id >= ledger_id_floor($2) AND id < ledger_id_floor($3) AND expire_date <= $1 AND NOT is_expired",
        day,
        span.first,
        span.last + 1,
        at
    )
    .execute(&mut *connection)
    .await?;
    let system = sqlx::query!(
        "UPDATE system_contribution_records SET is_expired = TRUE
         WHERE id >= ledger_id_floor($2) AND id < ledger_id_floor($3) AND expire_date <= $1 AND NOT is_expired",
        day,
        span.first,
        span.last + 1
    )
    .execute(connection)
    .await?;
    Ok(lines.rows_affected() + system.rows_affected())
}
