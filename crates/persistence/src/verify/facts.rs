//! Identity 9: what a replay of the journal needs beside the journal.

use chrono::{DateTime, Utc};
use domain::PlanVersion;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// Of `adoptions`, those with an entry before `seq`.
pub async fn begun_before(connection: &mut PgConnection, adoptions: &[Uuid], seq: i64) -> Result<Vec<Uuid>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM UNNEST($1::uuid[]) AS id
           WHERE EXISTS (SELECT FROM distribution_journal
                         WHERE original_adoption_id = id AND distribution_seq < $2)"#,
        adoptions,
        seq
    )
    .fetch_all(connection)
    .await?)
}

/// When the entries from `first` to `last` were numbered.
pub async fn sequenced_at(
    connection: &mut PgConnection,
    first: i64,
    last: i64,
) -> Result<Vec<(i64, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        "SELECT distribution_seq, sequenced_at FROM distribution_journal
         WHERE distribution_seq BETWEEN $1 AND $2 ORDER BY distribution_seq",
        first,
        last
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.distribution_seq, row.sequenced_at)).collect())
}

/// When each plan came about.
pub async fn plans_created(connection: &mut PgConnection) -> Result<Vec<(PlanVersion, DateTime<Utc>)>> {
    let rows =
        sqlx::query!("SELECT version, created_at FROM plans ORDER BY version").fetch_all(connection).await?;
    Ok(rows.into_iter().map(|row| (PlanVersion(row.version), row.created_at)).collect())
}

/// The adoptions from behind `after` through `through` whose latest entry is a DISTRIBUTE of other values than upstream
/// has, although nothing about them is queued or to be numbered: each one's id and entry.
pub async fn unlike_upstream(
    connection: &mut PgConnection,
    after: Uuid,
    through: Uuid,
) -> Result<Vec<(Uuid, i64)>> {
    let rows = sqlx::query!(
        "SELECT a.original_adoption_id, j.distribution_seq
         FROM synced_adoptions a
         JOIN distribution_journal j ON j.distribution_seq = a.entry_seq AND j.kind = 'DISTRIBUTE'
         WHERE a.original_adoption_id > $1 AND a.original_adoption_id <= $2 AND a.source_deleted_at IS NULL
             AND ((j.account_sequence, j.tree_count, j.adoption_date)
                     IS DISTINCT FROM (a.account_sequence, a.tree_count, a.adoption_date)
                 OR (a.contribution_per_tree IS NOT NULL AND a.contribution_per_tree IS DISTINCT FROM j.source_price))
             AND NOT EXISTS (SELECT FROM sequencer_backlog b WHERE b.original_adoption_id = a.original_adoption_id)
             AND NOT EXISTS (SELECT FROM sequencer_queue q WHERE q.original_adoption_id = a.original_adoption_id)
         ORDER BY a.original_adoption_id",
        after,
        through
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.original_adoption_id, row.distribution_seq)).collect())
}
