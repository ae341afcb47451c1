//! Identity 2: what each account's row says beside its lines, in ranges of names.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::Day;
use crate::Result;

/// Behind every name: the last code point, more often than a name is long.
pub fn behind_all() -> String {
    "\u{10FFFF}".repeat(21)
}

/// The name `size` rows after `after`; none where fewer are left.
pub async fn boundary(connection: &mut PgConnection, after: &str, size: i64) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT account_sequence FROM contribution_accounts WHERE account_sequence > $1
         ORDER BY account_sequence OFFSET $2 LIMIT 1",
        after,
        size - 1
    )
    .fetch_optional(connection)
    .await?)
}

/// An account's row beside the sums of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub account: String,
    /// What its row says; none where there is no row.
    pub row: Option<Balances>,
    /// The sums of its lines; zeros where there is none.
    pub lines: Balances,
    /// The counts of its row.
    pub counts: Counts,
    /// The business day on which the counts were written, and when.
    pub counted: Option<(NaiveDate, DateTime<Utc>)>,
}

/// The balance columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balances {
    /// `personal_contribution`.
    pub personal: Decimal,
    /// `team_level_contribution`.
    pub team_level: Decimal,
    /// `team_bonus_contribution`.
    pub team_bonus: Decimal,
    /// `total_contribution`.
    pub total: Decimal,
    /// `effective_contribution`.
    pub effective: Decimal,
}

/// The columns that the newest effect decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// `unlock_seq`.
    pub seq: i64,
    /// `has_adopted`.
    pub has_adopted: bool,
    /// `direct_referral_adopted_count`.
    pub directs: i32,
    /// `unlocked_level_depth`.
    pub depth: i32,
    /// `unlocked_bonus_tiers`.
    pub tiers: i32,
}

/// The accounts with a row or a line whose names are greater than `after` and not greater than `through`.
pub async fn range(
    connection: &mut PgConnection,
    after: &str,
    through: &str,
    day: &Day,
) -> Result<Vec<Account>> {
    let rows = sqlx::query!(
        r#"WITH lines AS (
               SELECT r.account_sequence,
                   coalesce(sum(r.amount) FILTER (WHERE r.source_type = 'PERSONAL'), 0) AS personal,
                   coalesce(sum(r.amount) FILTER (WHERE r.source_type = 'TEAM_LEVEL'), 0) AS team_level,
                   coalesce(sum(r.amount) FILTER (WHERE r.source_type = 'TEAM_BONUS'), 0) AS team_bonus,
                   sum(r.amount) AS total,
                   coalesce(sum(r.amount) FILTER (WHERE CASE
                       WHEN NOT $4 OR coalesce(r.account_sequence <= $5::text, FALSE)
                           THEN r.effective_date <= $3 AND r.expire_date > $3
                       WHEN (SELECT c.booked_day < $3 FROM distribution_chunks c
                             WHERE c.first_seq <= r.distribution_seq ORDER BY c.first_seq DESC LIMIT 1)
                           THEN r.effective_date <= $6 AND r.expire_date > $6
                       ELSE r.effective_date <= $3 AND r.expire_date > $3 END), 0) AS effective
               FROM contribution_records r WHERE r.account_sequence > $1 AND r.account_sequence <= $2
               GROUP BY r.account_sequence
           ), accounts AS (
               SELECT * FROM contribution_accounts WHERE account_sequence > $1 AND account_sequence <= $2
           )
           SELECT coalesce(a.account_sequence, l.account_sequence) AS "account!", a.id IS NOT NULL AS "there!",
               coalesce(a.personal_contribution, 0) AS "row_personal!",
               coalesce(a.team_level_contribution, 0) AS "row_team_level!",
               coalesce(a.team_bonus_contribution, 0) AS "row_team_bonus!",
               coalesce(a.total_contribution, 0) AS "row_total!",
               coalesce(a.effective_contribution, 0) AS "row_effective!",
               coalesce(l.personal, 0) AS "personal!", coalesce(l.team_level, 0) AS "team_level!",
               coalesce(l.team_bonus, 0) AS "team_bonus!", coalesce(l.total, 0) AS "total!",
               coalesce(l.effective, 0) AS "effective!",
               coalesce(a.unlock_seq, 0) AS "unlock_seq!", coalesce(a.has_adopted, FALSE) AS "has_adopted!",
               coalesce(a.direct_referral_adopted_count, 0) AS "directs!",
               coalesce(a.unlocked_level_depth, 0) AS "depth!", coalesce(a.unlocked_bonus_tiers, 0) AS "tiers!",
               counted.booked_day AS "booked_day?", counted.distributed_at AS "distributed_at?"
           FROM accounts a FULL JOIN lines l ON l.account_sequence = a.account_sequence
           LEFT JOIN LATERAL (
               SELECT c.booked_day, c.distributed_at FROM distribution_chunks c
               WHERE c.first_seq <= a.unlock_seq ORDER BY c.first_seq DESC LIMIT 1) counted ON TRUE
           ORDER BY 1"#,
        after,
        through,
        day.current,
        day.rolling,
        day.cursor,
        day.before
    )
    .fetch_all(connection)
    .await?;
    let accounts = rows.into_iter().map(|row| Account {
        account: row.account,
        row: row.there.then_some(Balances {
            personal: row.row_personal,
            team_level: row.row_team_level,
            team_bonus: row.row_team_bonus,
            total: row.row_total,
            effective: row.row_effective,
        }),
        lines: Balances {
            personal: row.personal,
            team_level: row.team_level,
            team_bonus: row.team_bonus,
            total: row.total,
            effective: row.effective,
        },
        counts: Counts {
            seq: row.unlock_seq,
            has_adopted: row.has_adopted,
            directs: row.directs,
            depth: row.depth,
            tiers: row.tiers,
        },
        counted: row.booked_day.zip(row.distributed_at),
    });
    Ok(accounts.collect())
}
