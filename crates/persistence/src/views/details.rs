//! An account's lines, newest first. Reads the index on (`account_sequence`, `id`) downwards; one round trip a page.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountSequence, Amount, Rate, SourceType};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Page;
use crate::Result;

/// One line of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    /// Made of the entry's number and the slot.
    pub id: Uuid,
    /// The entry.
    pub distribution_seq: i64,
    /// Its share of the entry.
    pub slot: i16,
    /// `PERSONAL`, `TEAM_LEVEL` or `TEAM_BONUS`.
    pub source_type: String,
    /// Upstream's id of the adoption it comes from.
    pub source_adoption_id: Uuid,
    /// Who adopted.
    pub source_account_sequence: String,
    /// Trees of that adoption.
    pub tree_count: i32,
    /// Price of one tree.
    pub base_contribution: Amount,
    /// Its share of the base.
    pub distribution_rate: Rate,
    /// The level, for `TEAM_LEVEL`.
    pub level_depth: Option<i32>,
    /// The tier, for `TEAM_BONUS`.
    pub bonus_tier: Option<i32>,
    /// Negative in a reversal.
    pub amount: Amount,
    /// The first day on which it is live.
    pub effective_date: NaiveDate,
    /// The first day on which it is not any more.
    pub expire_date: NaiveDate,
    /// Whether it has expired by the business day.
    pub is_expired: bool,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
}

/// Which lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this kind only.
    pub source_type: Option<SourceType>,
    /// Effective on this day or later.
    pub from: Option<NaiveDate>,
    /// Effective on this day or earlier.
    pub to: Option<NaiveDate>,
}

/// The lines of `account` that pass `filter` and have an id below `before`, from the greatest id down.
pub async fn page(
    connection: &mut PgConnection,
    account: &AccountSequence,
    filter: &Filter,
    before: Uuid,
    limit: i64,
) -> Result<Page<Detail>> {
    let rows = sqlx::query!(
        r#"SELECT id, distribution_seq, slot, source_type, source_adoption_id, source_account_sequence, tree_count,
               base_contribution, distribution_rate, level_depth, bonus_tier, amount, effective_date, expire_date,
               expire_date <= (SELECT current_day FROM business_day) AS "is_expired!", created_at
           FROM contribution_records
           WHERE account_sequence = $1 AND id < $2 AND ($3::text IS NULL OR source_type = $3)
               AND ($4::date IS NULL OR effective_date >= $4) AND ($5::date IS NULL OR effective_date <= $5)
           ORDER BY id DESC LIMIT $6::bigint + 1"#,
        account.as_str(),
        before,
        filter.source_type.map(SourceType::as_str),
        filter.from,
        filter.to,
        limit
    )
    .fetch_all(connection)
    .await?;
    let details = rows
        .into_iter()
        .map(|row| {
            Ok(Detail {
                id: row.id,
                distribution_seq: row.distribution_seq,
                slot: row.slot,
                source_type: row.source_type,
                source_adoption_id: row.source_adoption_id,
                source_account_sequence: row.source_account_sequence,
                tree_count: row.tree_count,
                base_contribution: Amount::from_decimal(row.base_contribution)?,
                distribution_rate: Rate::from_decimal(row.distribution_rate)?,
                level_depth: row.level_depth,
                bonus_tier: row.bonus_tier,
                amount: Amount::from_decimal(row.amount)?,
                effective_date: row.effective_date,
                expire_date: row.expire_date,
                is_expired: row.is_expired,
                created_at: row.created_at,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::from_rows(details, limit))
}
