//! Identity 5: numbers without gap, chunks that cover them, and the flags of adoptions.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// The numbers from `first` to `last` that no entry has.
pub async fn missing(connection: &mut PgConnection, first: i64, last: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT n AS "n!" FROM generate_series($1::bigint, $2::bigint) AS n
           WHERE NOT EXISTS (SELECT FROM distribution_journal WHERE distribution_seq = n) ORDER BY n"#,
        first,
        last
    )
    .fetch_all(connection)
    .await?)
}

/// Where the chunks leave a number out, or cover one twice: each chunk that does not begin right behind the one before
/// it, as the last number before it and its first.
pub async fn breaks_of_chunks(connection: &mut PgConnection) -> Result<Vec<(i64, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT before AS "before!", first_seq FROM (
               SELECT first_seq, lag(last_seq, 1, 0::bigint) OVER (ORDER BY first_seq) AS before
               FROM distribution_chunks) AS chunks
           WHERE first_seq <> before + 1 ORDER BY first_seq"#
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.before, row.first_seq)).collect())
}

/// The last number by the journal, by the chunks and by the sequencer's state; 0 for none.
pub async fn ends(connection: &mut PgConnection) -> Result<(i64, i64, i64)> {
    let row = sqlx::query!(
        r#"SELECT coalesce((SELECT max(distribution_seq) FROM distribution_journal), 0) AS "journal!",
               coalesce((SELECT max(last_seq) FROM distribution_chunks), 0) AS "chunks!",
               (SELECT last_seq FROM sequencer_state) AS "state!""#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.journal, row.chunks, row.state))
}

/// An adoption whose marks do not agree with the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongFlag {
    /// Upstream's id.
    pub id: Uuid,
    /// What its row names as its latest entry.
    pub entry_seq: Option<i64>,
    /// Its latest entry in the journal.
    pub latest_seq: Option<i64>,
    /// `contribution_distributed`.
    pub distributed: bool,
    /// Whether its latest entry is a DISTRIBUTE that was carried out.
    pub carried_out: bool,
}

/// The id `size` rows after `after`; none where fewer are left.
pub async fn boundary(connection: &mut PgConnection, after: Uuid, size: i64) -> Result<Option<Uuid>> {
    Ok(sqlx::query_scalar!(
        "SELECT original_adoption_id FROM synced_adoptions WHERE original_adoption_id > $1
         ORDER BY original_adoption_id OFFSET $2 LIMIT 1",
        after,
        size - 1
    )
    .fetch_optional(connection)
    .await?)
}

/// The adoptions with ids from behind `after` through `through` that are marked wrongly.
pub async fn wrong_flags(
    connection: &mut PgConnection,
    after: Uuid,
    through: Uuid,
) -> Result<Vec<WrongFlag>> {
    Ok(sqlx::query_as!(
        WrongFlag,
        r#"SELECT id AS "id!", entry_seq, latest_seq AS "latest_seq?", distributed AS "distributed!",
               carried_out AS "carried_out!"
           FROM (
               SELECT a.original_adoption_id AS id, a.entry_seq, latest.distribution_seq AS latest_seq,
                   coalesce(a.contribution_distributed, FALSE) AS distributed,
                   a.contribution_distributed_at IS NOT NULL AS dated,
                   coalesce(latest.kind = 'DISTRIBUTE' AND
                       (SELECT c.distributed_at IS NOT NULL FROM distribution_chunks c
                        WHERE c.first_seq <= latest.distribution_seq ORDER BY c.first_seq DESC LIMIT 1),
                       FALSE) AS carried_out
               FROM synced_adoptions a
               LEFT JOIN LATERAL (
                   SELECT j.distribution_seq, j.kind FROM distribution_journal j
                   WHERE j.original_adoption_id = a.original_adoption_id
                   ORDER BY j.distribution_seq DESC LIMIT 1) latest ON TRUE
               WHERE a.original_adoption_id > $1 AND a.original_adoption_id <= $2) AS marks
           WHERE entry_seq IS DISTINCT FROM latest_seq OR distributed <> carried_out OR distributed <> dated
           ORDER BY id"#,
        after,
        through
    )
    .fetch_all(connection)
    .await?)
}

/// The entries from `first` to `last` of adoptions that were never read.
pub async fn without_adoption(connection: &mut PgConnection, first: i64, last: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT j.distribution_seq FROM distribution_journal j
         WHERE j.distribution_seq BETWEEN $1 AND $2 AND j.kind <> 'REFERRAL_MOVE'
             AND NOT EXISTS (SELECT FROM synced_adoptions a WHERE a.original_adoption_id = j.original_adoption_id)
         ORDER BY j.distribution_seq",
        first,
        last
    )
    .fetch_all(connection)
    .await?)
}
