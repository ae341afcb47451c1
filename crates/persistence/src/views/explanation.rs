//! What is known of one adoption: upstream's row, where it stands, and the stored lines of its entries.
//!
//! The entries themselves come from [`crate::journal`]. One round trip a function, to be called in one snapshot.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Amount, Rate, id_range};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// An adoption as upstream has it now, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Adoption {
    /// Upstream's id.
    pub original_adoption_id: Uuid,
    /// Its adopter.
    pub account_sequence: String,
    /// Trees.
    pub tree_count: i32,
    /// When it was adopted.
    pub adoption_date: NaiveDate,
    /// Upstream's status.
    pub status: Option<String>,
    /// Upstream's price of one tree; none: the formula's.
    pub contribution_per_tree: Option<Amount>,
    /// Upstream's price in its own words, where it cannot be stored as a number.
    pub unstorable_price: Option<String>,
    /// When upstream created the row.
    pub source_created_at: Option<DateTime<Utc>>,
    /// When upstream deleted the row.
    pub source_deleted_at: Option<DateTime<Utc>>,
    /// `waiting`, `ready`, `sequenced`, `distributed`, `reversed`, `ineligible` or `anomaly`.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// What to look into.
    pub warning: Option<String>,
    /// The account whose referral row or move it waits for.
    pub waiting_for: Option<String>,
    /// When it came to wait, where it does.
    pub waiting_since: Option<DateTime<Utc>>,
    /// Its latest entry.
    pub entry_seq: Option<i64>,
    /// Whether its latest entry is a DISTRIBUTE that was carried out.
    pub contribution_distributed: bool,
    /// When that was.
    pub contribution_distributed_at: Option<DateTime<Utc>>,
}

/// When an entry was numbered and carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// When it was numbered.
    pub sequenced_at: DateTime<Utc>,
    /// When it was carried out.
    pub distributed_at: Option<DateTime<Utc>>,
    /// The business day under which it was carried out.
    pub booked_day: Option<NaiveDate>,
}

/// A line as it is stored in whichever of the three tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLine {
    /// Made of the entry's number and the slot.
    pub id: Uuid,
    /// Its share of the entry.
    pub slot: i16,
    /// The account that received it.
    pub account: Option<String>,
    /// `source_type` of an account's line.
    pub source_type: Option<String>,
    /// The system account that received it.
    pub system_account: Option<String>,
    /// `unalloc_type` of a line that nobody received.
    pub unalloc_type: Option<String>,
    /// Who would have received that.
    pub would_be: Option<String>,
    /// Why nobody did.
    pub reason: Option<String>,
    /// The level.
    pub level_depth: Option<i32>,
    /// The bonus tier of an account's line.
    pub bonus_tier: Option<i32>,
    /// Its share of the base; not stored with an unallocated line.
    pub rate: Option<Rate>,
    /// What it carries.
    pub amount: Amount,
    /// The first day on which it is live.
    pub effective_date: NaiveDate,
    /// The first day on which it is not any more; none where it never expires.
    pub expire_date: Option<NaiveDate>,
}

/// The adoption with this upstream id.
pub async fn adoption(connection: &mut PgConnection, id: Uuid) -> Result<Option<Adoption>> {
    let row = sqlx::query!(
        r#"SELECT a.original_adoption_id, a.account_sequence, a.tree_count, a.adoption_date, a.status,
               a.contribution_per_tree, a.unstorable_price, a.source_created_at, a.source_deleted_at,
               a.distribution_state, a.distribution_reason, a.warning, a.entry_seq, a.contribution_distributed,
               a.contribution_distributed_at, b.waiting_for AS "waiting_for?",
               CASE WHEN b.state = 'waiting' THEN b.since END AS waiting_since
           FROM synced_adoptions a LEFT JOIN sequencer_backlog b USING (original_adoption_id)
           WHERE a.original_adoption_id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Adoption {
            original_adoption_id: row.original_adoption_id,
            account_sequence: row.account_sequence,
            tree_count: row.tree_count,
            adoption_date: row.adoption_date,
            status: row.status,
            contribution_per_tree: row.contribution_per_tree.map(Amount::from_decimal).transpose()?,
            unstorable_price: row.unstorable_price,
            source_created_at: row.source_created_at,
            source_deleted_at: row.source_deleted_at,
            state: row.distribution_state,
            reason: row.distribution_reason,
            warning: row.warning,
            waiting_for: row.waiting_for,
            waiting_since: row.waiting_since,
            entry_seq: row.entry_seq,
            contribution_distributed: row.contribution_distributed.unwrap_or_default(),
            contribution_distributed_at: row.contribution_distributed_at,
        })
    })
    .transpose()
}

/// When the entry `seq` was numbered and carried out.
pub async fn progress(connection: &mut PgConnection, seq: i64) -> Result<Progress> {
    Ok(sqlx::query_as!(
        Progress,
        r#"SELECT j.sequenced_at, c.distributed_at AS "distributed_at?", c.booked_day AS "booked_day?"
           FROM distribution_journal j
           LEFT JOIN LATERAL (
               SELECT distributed_at, booked_day, last_seq FROM distribution_chunks
               WHERE first_seq <= j.distribution_seq ORDER BY first_seq DESC LIMIT 1) c
               ON c.last_seq >= j.distribution_seq
           WHERE j.distribution_seq = $1"#,
        seq
    )
    .fetch_one(connection)
    .await?)
}

/// The stored lines of the entry `seq`, by slot: three ranges of ids.
pub async fn lines(connection: &mut PgConnection, seq: i64) -> Result<Vec<StoredLine>> {
    let ids = id_range(seq, seq);
    let rows = sqlx::query!(
        r#"SELECT id AS "id!", slot AS "slot!", account_sequence AS account, source_type,
               NULL::text AS system_account, NULL::text AS unalloc_type, NULL::text AS would_be, NULL::text AS reason,
               level_depth, bonus_tier, distribution_rate AS rate, amount AS "amount!",
               effective_date AS "effective_date!", expire_date
           FROM contribution_records WHERE id >= $1 AND id < $2
           UNION ALL
           SELECT r.id, r.slot, NULL, NULL, s.account_type, NULL, NULL, NULL, NULL, NULL, r.distribution_rate, r.amount,
               r.effective_date, r.expire_date
           FROM system_contribution_records r JOIN system_accounts s ON s.id = r.system_account_id
           WHERE r.id >= $1 AND r.id < $2
           UNION ALL
           SELECT id, slot, NULL, NULL, NULL, unalloc_type, would_be_account_sequence, reason, level_depth, NULL, NULL,
               amount, effective_date, expire_date
           FROM unallocated_contributions WHERE id >= $1 AND id < $2
           ORDER BY 2"#,
        ids.start,
        ids.end
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(StoredLine {
                id: row.id,
                slot: row.slot,
                account: row.account,
                source_type: row.source_type,
                system_account: row.system_account,
                unalloc_type: row.unalloc_type,
                would_be: row.would_be,
                reason: row.reason,
                level_depth: row.level_depth,
                bonus_tier: row.bonus_tier,
                rate: row.rate.map(Rate::from_decimal).transpose()?,
                amount: Amount::from_decimal(row.amount)?,
                effective_date: row.effective_date,
                expire_date: row.expire_date,
            })
        })
        .collect()
}
