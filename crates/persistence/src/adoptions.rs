//! Adoptions as the sequencer and the workers see them: upstream's facts under lock, and the marks of what became of
//! them.
//!
//! Locks rows of `synced_adoptions` in the order of their upstream id. Part of the caller's transaction, one round
//! trip a function.

use chrono::{DateTime, Utc};
use domain::{AccountSequence, Amount, SourceAdoption, SourcePrice};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, Result};

/// Where in Kafka and upstream's log the row's newest change stood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourcePosition {
    /// Topic, partition and offset of the message.
    pub topic: Option<String>,
    /// See `topic`.
    pub partition: Option<i32>,
    /// See `topic`.
    pub offset: Option<i64>,
    /// Upstream's log sequence number; 0 for a snapshot row.
    pub lsn: i64,
}

/// An adoption whose row is locked: what is read here stays true until the transaction ends.
#[derive(Debug, Clone)]
pub struct LockedAdoption {
    /// Upstream's facts.
    pub source: SourceAdoption,
    /// The latest entry of either kind.
    pub entry_seq: Option<i64>,
    /// What is shown of it now.
    pub state: String,
    /// And why.
    pub reason: Option<String>,
    /// And what to look into.
    pub warning: Option<String>,
    /// Where its newest change came from.
    pub position: SourcePosition,
}

/// Locks the adoptions with these upstream ids against the ingestor and reads them; unknown ids are left out.
pub async fn lock(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<LockedAdoption>> {
    let rows = sqlx::query!(
        "SELECT original_adoption_id, account_sequence, tree_count, adoption_date, status, contribution_per_tree,
                unstorable_price, source_created_at, source_deleted_at, entry_seq, distribution_state,
                distribution_reason, warning, source_topic, source_partition, source_offset, source_sequence_num
         FROM synced_adoptions WHERE original_adoption_id = ANY($1)
         ORDER BY original_adoption_id FOR NO KEY UPDATE",
        ids
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let price = match (row.contribution_per_tree, row.unstorable_price) {
                (_, Some(raw)) => SourcePrice::Unstorable(raw),
                (Some(price), None) => SourcePrice::Priced(Amount::from_decimal(price)?),
                (None, None) => SourcePrice::Unpriced,
            };
            Ok(LockedAdoption {
                source: SourceAdoption {
                    id: row.original_adoption_id,
                    account: AccountSequence::parse(&row.account_sequence)?,
                    tree_count: row.tree_count,
                    adoption_date: row.adoption_date,
                    status: row.status,
                    price,
                    created_at: row.source_created_at,
                    deleted: row.source_deleted_at.is_some(),
                },
                entry_seq: row.entry_seq,
                state: row.distribution_state,
                reason: row.distribution_reason,
                warning: row.warning,
                position: SourcePosition {
                    topic: row.source_topic,
                    partition: row.source_partition,
                    offset: row.source_offset,
                    lsn: row.source_sequence_num,
                },
            })
        })
        .collect()
}

/// What the sequencer writes about an adoption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Upstream id.
    pub id: Uuid,
    /// `distribution_state`.
    pub state: &'static str,
    /// `distribution_reason`.
    pub reason: Option<String>,
    /// `warning`.
    pub warning: Option<String>,
    /// The latest entry of either kind, where there is one.
    pub entry_seq: Option<i64>,
    /// A REVERSE was numbered last: what was distributed no longer counts.
    pub reversed: bool,
}

/// Writes the marks of adoptions whose rows the caller has locked.
pub async fn mark(connection: &mut PgConnection, marks: &[Mark]) -> Result<()> {
    if marks.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = marks.iter().map(|mark| mark.id).collect();
    let states: Vec<&str> = marks.iter().map(|mark| mark.state).collect();
    let reasons: Vec<Option<&str>> = marks.iter().map(|mark| mark.reason.as_deref()).collect();
    let warnings: Vec<Option<&str>> = marks.iter().map(|mark| mark.warning.as_deref()).collect();
    let entries: Vec<Option<i64>> = marks.iter().map(|mark| mark.entry_seq).collect();
    let reversed: Vec<bool> = marks.iter().map(|mark| mark.reversed).collect();
    let done = sqlx::query!(
        "UPDATE synced_adoptions a SET distribution_state = t.state, distribution_reason = t.reason,
             warning = t.warning, entry_seq = t.entry_seq,
             contribution_distributed = a.contribution_distributed AND NOT t.reversed,
             contribution_distributed_at = CASE WHEN t.reversed THEN NULL ELSE a.contribution_distributed_at END
         FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bool[])
             AS t (id, state, reason, warning, entry_seq, reversed)
         WHERE a.original_adoption_id = t.id",
        &ids,
        &states as &[&str],
        &reasons as &[Option<&str>],
        &warnings as &[Option<&str>],
        &entries as &[Option<i64>],
        &reversed
    )
    .execute(connection)
    .await?;
    if done.rows_affected() != marks.len() as u64 {
        return Err(Error::corrupt("a locked adoption is gone"));
    }
    Ok(())
}

/// Marks adoptions as distributed, each only if `seq` is still its latest entry. `ids` in their order.
pub async fn mark_distributed(
    connection: &mut PgConnection,
    ids: &[Uuid],
    seqs: &[i64],
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE synced_adoptions a SET contribution_distributed = TRUE, contribution_distributed_at = $3,
             distribution_state = 'distributed'
         FROM UNNEST($1::uuid[], $2::bigint[]) AS t (id, seq)
         WHERE a.original_adoption_id = t.id AND a.entry_seq = t.seq",
        ids,
        seqs,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks users whose first entry was carried out.
pub async fn mark_users_calculated(
    connection: &mut PgConnection,
    accounts: &[String],
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE synced_users u SET contribution_calculated = TRUE, contribution_calculated_at = $2
         FROM UNNEST($1::text[]) AS t (account_sequence)
         WHERE u.account_sequence = t.account_sequence AND NOT u.contribution_calculated",
        accounts,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}
