//! What nobody could receive, newest first. Reads the primary key downwards; one round trip a page.

use chrono::NaiveDate;
use domain::Amount;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Page;
use crate::Result;

/// One unallocated line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Unallocated {
    /// Made of the entry's number and the slot.
    pub id: Uuid,
    /// The entry.
    pub distribution_seq: i64,
    /// Its share of the entry.
    pub slot: i16,
    /// Upstream's id of the adoption it comes from.
    pub source_adoption_id: Uuid,
    /// Who adopted.
    pub source_account_sequence: String,
    /// `LEVEL_OVERFLOW`, `BONUS_TIER_1` to `3`, or `ROUNDING`.
    pub unalloc_type: String,
    /// Who would have received it, if there is such an account.
    pub would_be_account_sequence: Option<String>,
    /// The level, for `LEVEL_OVERFLOW`.
    pub level_depth: Option<i32>,
    /// Negative in a reversal.
    pub amount: Amount,
    /// Why nobody received it.
    pub reason: Option<String>,
    /// Whether headquarters received it in the same entry.
    pub allocated_to_headquarters: bool,
    /// The first day on which it is live.
    pub effective_date: NaiveDate,
    /// The first day on which it is not any more.
    pub expire_date: NaiveDate,
}

/// The lines with an id below `before`, from the greatest id down.
pub async fn page(connection: &mut PgConnection, before: Uuid, limit: i64) -> Result<Page<Unallocated>> {
    let rows = sqlx::query!(
        "SELECT id, distribution_seq, slot, source_adoption_id, source_account_sequence, unalloc_type,
             would_be_account_sequence, level_depth, amount, reason, allocated_to_headquarters, effective_date,
             expire_date
         FROM unallocated_contributions WHERE id < $1 ORDER BY id DESC LIMIT $2::bigint + 1",
        before,
        limit
    )
    .fetch_all(connection)
    .await?;
    let lines = rows
        .into_iter()
        .map(|row| {
            Ok(Unallocated {
                id: row.id,
                distribution_seq: row.distribution_seq,
                slot: row.slot,
                source_adoption_id: row.source_adoption_id,
                source_account_sequence: row.source_account_sequence,
                unalloc_type: row.unalloc_type,
                would_be_account_sequence: row.would_be_account_sequence,
                level_depth: row.level_depth,
                amount: Amount::from_decimal(row.amount)?,
                reason: row.reason,
                allocated_to_headquarters: row.allocated_to_headquarters.unwrap_or_default(),
                effective_date: row.effective_date,
                expire_date: row.expire_date,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::from_rows(lines, limit))
}
