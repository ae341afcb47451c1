//! What went to headquarters because nobody could receive it, as the roll adds it up by the day it was booked.
//!
//! A REVERSE takes its amounts off and counts its lines with the others. Reads `missed_daily` only, never the lines.

use chrono::NaiveDate;
use domain::Amount;
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
