//! What the calendar adds up day by day (`account_daily_contribution`, `missed_daily`, `user_team_stats`), beside what
//! all of it must have come to, and written anew where that differs.
//!
//! The views of migration 14 say what is right, from the lines of the chunks that the roll has added up and from the
//! journal through the last day of the statistics. Those marks are moved in the transactions that write the rows, so
//! rows and views agree at every commit. Comparing takes no lock. Rebuilding holds off who adds: the roll, by the
//! business day in [`hold_idle_day`](super::hold_idle_day), for a bounded group of accounts or one day; the statistics of
//! a day, by [`TEAM_STATS`](locks::TEAM_STATS), for as long as the journal takes. Workers never wait for the second.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::{Result, locks};

/// The rows of one account or day that are not as they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlike<T> {
    /// Whose, or of when.
    pub of: T,
    /// How many, with those that are missing or too many.
    pub rows: i64,
    /// The first of them, for people.
    pub example: String,
}

/// How many rows there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Of `account_daily_contribution`.
    pub daily: i64,
    /// Of `missed_daily`.
    pub missed: i64,
    /// Of `user_team_stats`.
    pub team: i64,
}

/// How many rows there are.
pub async fn stored(connection: &mut PgConnection) -> Result<Stored> {
    Ok(sqlx::query_as!(
        Stored,
        r#"SELECT (SELECT count(*) FROM account_daily_contribution) AS "daily!",
               (SELECT count(*) FROM missed_daily) AS "missed!", (SELECT count(*) FROM user_team_stats) AS "team!""#
    )
    .fetch_one(connection)
    .await?)
}

/// The accounts whose daily amounts differ from their lines.
pub async fn unlike_daily(connection: &mut PgConnection) -> Result<Vec<Unlike<String>>> {
    Ok(sqlx::query_as!(
        Unlike,
        r#"SELECT account_sequence AS "of!", count(*) AS "rows!", min(format('%s on %s: %s and should be %s',
               account_sequence, day, coalesce('+' || d.activated || ' -' || d.expired, 'no row'),
               coalesce('+' || r.activated || ' -' || r.expired, 'none'))) AS "example!"
           FROM account_daily_contribution d
           FULL JOIN (SELECT * FROM account_daily_from_lines UNION ALL SELECT * FROM system_daily_from_lines) r
               USING (account_sequence, day)
           WHERE (d.activated, d.expired) IS DISTINCT FROM (r.activated, r.expired)
           GROUP BY account_sequence ORDER BY account_sequence"#
    )
    .fetch_all(connection)
    .await?)
}

/// The days of which missed amounts differ from the unallocated lines.
pub async fn unlike_missed(connection: &mut PgConnection) -> Result<Vec<Unlike<NaiveDate>>> {
    Ok(sqlx::query_as!(
        Unlike,
        r#"SELECT coalesce(m.day, r.day) AS "of!", count(*) AS "rows!", min(format('%s %s %s of %s: %s and should be %s',
               coalesce(m.day, r.day), coalesce(m.reason, r.reason), coalesce(m.level_or_tier, r.level_or_tier),
               coalesce(m.account_sequence, r.account_sequence, 'nobody'),
               coalesce(m.amount || ' in ' || m.lines || ' lines', 'no row'),
               coalesce(r.amount || ' in ' || r.lines || ' lines', 'none'))) AS "example!"
           FROM (SELECT day, reason, level_or_tier, account_sequence, sum(amount) AS amount, sum(lines)::bigint AS lines
                 FROM missed_daily GROUP BY 1, 2, 3, 4) m
           FULL JOIN missed_daily_from_lines r
               ON m.day = r.day AND m.reason = r.reason AND m.level_or_tier = r.level_or_tier
                   AND coalesce(m.account_sequence, '') = coalesce(r.account_sequence, '')
           WHERE (m.amount, m.lines) IS DISTINCT FROM (r.amount, r.lines)
           GROUP BY 1 ORDER BY 1"#
    )
    .fetch_all(connection)
    .await?)
}

/// The accounts whose team statistics, or the entry through which their direct referrals are counted, differ from the
/// journal.
pub async fn unlike_team(connection: &mut PgConnection) -> Result<Vec<Unlike<String>>> {
    Ok(sqlx::query_file_as!(Unlike, "src/rebuild/unlike_team.sql").fetch_all(connection).await?)
}

/// Writes the daily amounts of `accounts` anew; the caller holds the day, and no roll is under way.
pub async fn set_daily(connection: &mut PgConnection, accounts: &[String]) -> Result<()> {
    sqlx::query!("DELETE FROM account_daily_contribution WHERE account_sequence = ANY($1::text[])", accounts)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "INSERT INTO account_daily_contribution (account_sequence, day, activated, expired)
         SELECT account_sequence, day, activated, expired FROM account_daily_from_lines
         WHERE account_sequence = ANY($1::text[])",
        accounts
    )
    .execute(&mut *connection)
    .await?;
    if accounts.iter().any(|account| account.starts_with("SYS-")) {
        sqlx::query!(
            "INSERT INTO account_daily_contribution (account_sequence, day, activated, expired)
             SELECT account_sequence, day, activated, expired FROM system_daily_from_lines
             WHERE account_sequence = ANY($1::text[])",
            accounts
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Writes what was missed on `day` anew; the caller holds the day, and no roll is under way.
pub async fn set_missed(connection: &mut PgConnection, day: NaiveDate) -> Result<()> {
    sqlx::query!("DELETE FROM missed_daily WHERE day = $1", day).execute(&mut *connection).await?;
    sqlx::query!(
        "INSERT INTO missed_daily (day, reason, level_or_tier, account_sequence, amount, lines)
         SELECT day, reason, level_or_tier, account_sequence, amount, lines FROM missed_daily_from_lines WHERE day = $1",
        day
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes the team statistics of `accounts` anew, on all days: one pass over the journal, for however many.
pub async fn set_team(connection: &mut PgConnection, accounts: &[String], at: DateTime<Utc>) -> Result<()> {
    locks::hold(connection, locks::TEAM_STATS).await?;
    sqlx::query!("DELETE FROM user_team_stats WHERE account_sequence = ANY($1::text[])", accounts)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM team_directs WHERE account_sequence = ANY($1::text[])", accounts)
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "INSERT INTO user_team_stats (account_sequence, stats_date, level_1_trees, level_2_trees, level_3_trees,
             level_4_trees, level_5_trees, level_6_trees, level_7_trees, level_8_trees, level_9_trees, level_10_trees,
             level_11_trees, level_12_trees, level_13_trees, level_14_trees, level_15_trees, total_team_trees,
             direct_adopted_referrals, created_at)
         SELECT r.*, $2 FROM team_stats_from_journal r WHERE account_sequence = ANY($1::text[])",
        accounts,
        at
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO team_directs (account_sequence, seq)
         SELECT account_sequence, seq FROM team_directs_from_journal WHERE account_sequence = ANY($1::text[])",
        accounts
    )
    .execute(connection)
    .await?;
    Ok(())
}
