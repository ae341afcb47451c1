//! What went to headquarters because nobody could receive it, as the roll adds it up by the day it was booked.
//!
//! A REVERSE takes its amounts off and counts its lines with the others. [`page`] reads `missed_daily`
//! only, never the lines.

use chrono::NaiveDate;
use domain::{AccountSequence, Amount};
use serde::Serialize;
use sqlx::PgConnection;

use super::{Page, sum};
use crate::Result;

/// How it is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// `NO_ANCESTOR`, `LEVEL_LOCKED`, `NO_REFERRER`, `TIER_LOCKED`, `ROUNDING`.
    Reason,
    /// By reason and level or tier.
    Level,
    /// By the account that stood there and had not unlocked it.
    Account,
}

/// A sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// Why; none in a sum by account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The level or bonus tier, 0 for what was left of rounding; only in a sum by level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level_or_tier: Option<i16>,
    /// Who missed it; only in a sum by account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_sequence: Option<String>,
    /// How much.
    pub amount: Amount,
    /// In how many lines.
    pub lines: i64,
}

/// The sums of what was booked from `from` to `to`, both included, in the order of their keys. Those by account come in
/// pages, from behind the account `after` on; the others are few, and all are given.
pub async fn page(
    connection: &mut PgConnection,
    by: By,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    after: &str,
    limit: i64,
) -> Result<Page<Missed>> {
    let (reasons, levels, accounts) = match by {
        By::Reason => (true, false, false),
        By::Level => (true, true, false),
        By::Account => (false, false, true),
    };
    let rows = sqlx::query!(
        r#"SELECT CASE WHEN $3 THEN reason END AS reason, CASE WHEN $4 THEN level_or_tier END AS level_or_tier,
               CASE WHEN $5 THEN account_sequence END AS account, sum(amount) AS amount, sum(lines)::bigint AS "lines!"
           FROM missed_daily
           WHERE day >= coalesce($1, '-infinity'::date) AND day <= coalesce($2, 'infinity'::date)
               AND (NOT $5 OR account_sequence > $6)
           GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT $7"#,
        from,
        to,
        reasons,
        levels,
        accounts,
        after,
        if by == By::Account { limit + 1 } else { i64::MAX }
    )
    .fetch_all(connection)
    .await?;
    let items = rows.into_iter().map(|row| {
        Ok(Missed {
            reason: row.reason,
            level_or_tier: row.level_or_tier,
            account_sequence: row.account,
            amount: sum(row.amount)?,
            lines: row.lines,
        })
    });
    let items = items.collect::<Result<Vec<_>>>()?;
    Ok(if by == By::Account { Page::from_rows(items, limit) } else { Page { items, more: false } })
}

/// Shares of one level or tier that an account would have received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = MissedShare))]
#[serde(rename_all = "camelCase")]
pub struct MissedShare {
    /// `LEVEL_LOCKED` or `TIER_LOCKED`.
    pub reason: String,
    /// The level, 1 to 15, or the tier, 1 to 3.
    pub level_or_tier: i16,
    /// How much.
    pub amount: Amount,
    /// In how many lines.
    pub lines: i64,
}

impl MissedShare {
    /// Whether an account that has unlocked so many levels and tiers would receive it.
    pub fn is_unlocked_by(&self, depth: i32, tiers: i32) -> bool {
        let unlocked = if self.reason == "TIER_LOCKED" { tiers } else { depth };
        i32::from(self.level_or_tier) <= unlocked
    }
}

/// What `account` missed because it had not unlocked it: what the roll has added up, and the lines booked since.
pub async fn of_account(
    connection: &mut PgConnection,
    account: &AccountSequence,
) -> Result<Vec<MissedShare>> {
    let rows = sqlx::query!(
        r#"WITH since AS (
               SELECT min(first_seq) AS seq FROM distribution_chunks
               WHERE added_up_at IS NULL AND booked_day IS NOT NULL
           ), share AS (
               SELECT reason, level_or_tier, amount, lines FROM missed_daily WHERE account_sequence = $1
               UNION ALL
               SELECT split_part(u.reason, ':', 1),
                   coalesce(u.level_depth, substring(u.unalloc_type FROM 'BONUS_TIER_([0-9]+)')::int, 0)::smallint,
                   u.amount, 1
               FROM since JOIN unallocated_contributions u ON u.id >= ledger_id_floor(since.seq)
               WHERE u.would_be_account_sequence = $1 AND (
                   SELECT c.added_up_at IS NULL FROM distribution_chunks c
                   WHERE c.first_seq <= u.distribution_seq ORDER BY c.first_seq DESC LIMIT 1)
           )
           SELECT reason AS "reason!", level_or_tier AS "level_or_tier!", sum(amount) AS amount,
               sum(lines)::bigint AS "lines!"
           FROM share GROUP BY reason, level_or_tier ORDER BY reason, level_or_tier"#,
        account.as_str()
    )
    .fetch_all(connection)
    .await?;
    let shares = rows.into_iter().map(|row| {
        Ok(MissedShare {
            reason: row.reason,
            level_or_tier: row.level_or_tier,
            amount: sum(row.amount)?,
            lines: row.lines,
        })
    });
    shares.collect()
}
