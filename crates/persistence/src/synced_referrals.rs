//! The copy of upstream's referrals: one row an upstream id, one live row an `account_sequence`. What follows from
//! the rows above (upline, path, depth) is [`crate::referral_tree`]'s.
//!
//! Part of the caller's transaction, which must hold [`crate::locks::REFERRAL_TREE`]. [`lock`] takes the rows' locks,
//! sorted by upstream id, in one statement; [`write`] takes no others but those of new rows. One round trip each, one
//! more where an account changes hands.

use chrono::{DateTime, Utc};
use domain::AccountSequence;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::synced::{SourceColumns, SourcePosition, SourceVersion, Synced, not_read_since};

/// What upstream says of an account's referrer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralFields {
    /// The account.
    pub account: AccountSequence,
    /// Its direct referrer; None: a root.
    pub referrer: Option<AccountSequence>,
    /// Upstream's own path in our form, only to compare it with ours.
    pub ancestor_path: Option<String>,
    /// Upstream's own depth, only to compare it with ours.
    pub depth: Option<i32>,
    /// Creation upstream; None: not known, or outside of the calendar.
    pub created_at: Option<DateTime<Utc>>,
}

/// Locks and reads the rows of `ids`, and the live holders of `accounts`.
pub async fn lock(
    connection: &mut PgConnection,
    ids: &[Uuid],
    accounts: &[&str],
) -> Result<Vec<Synced<ReferralFields>>> {
    let rows = sqlx::query!(
        r#"SELECT original_referral_id, account_sequence, referrer_account_sequence, source_ancestor_path, source_depth,
                  source_created_at, source_sequence_num, source_epoch, source_snapshot, source_deleted_at, displaced,
                  coalesce(source_partition, 0) AS "source_partition!", coalesce(source_offset, 0) AS "source_offset!"
           FROM synced_referrals
           WHERE original_referral_id = ANY($1)
              OR (account_sequence = ANY($2) AND source_deleted_at IS NULL AND NOT displaced)
           ORDER BY original_referral_id
           FOR UPDATE"#,
        ids,
        accounts as &[&str],
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let referrer =
                row.referrer_account_sequence.as_deref().map(AccountSequence::parse).transpose()?;
            Ok(Synced {
                id: row.original_referral_id,
                version: SourceVersion {
                    epoch: row.source_epoch,
                    lsn: row.source_sequence_num,
                    snapshot: row.source_snapshot,
                },
                position: SourcePosition { partition: row.source_partition, offset: row.source_offset },
                deleted_at: row.source_deleted_at,
                displaced: row.displaced,
                fields: ReferralFields {
                    account: AccountSequence::parse(&row.account_sequence)?,
                    referrer,
                    ancestor_path: row.source_ancestor_path,
                    depth: row.source_depth,
                    created_at: row.source_created_at,
                },
            })
        })
        .collect()
}

/// At most `limit` of the rows of `topic` that are not deleted and were read before the offset of their partition in `ends`,
/// with that position.
pub async fn not_read_since(
    connection: &mut PgConnection,
    topic: &str,
    ends: &[(i32, i64)],
    limit: i64,
) -> Result<Vec<(Uuid, i32, i64)>> {
    Ok(not_read_since!("synced_referrals", "original_referral_id", connection, topic, ends, limit))
}

/// The rows that lost one of `accounts` and wait for a change of their own.
pub async fn displaced(connection: &mut PgConnection, accounts: &[&str]) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "SELECT original_referral_id FROM synced_referrals
         WHERE account_sequence = ANY($1) AND source_deleted_at IS NULL AND displaced",
        accounts as &[&str],
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

/// Takes the account away from the rows of `ids`, so that others can be written with it.
pub async fn release(connection: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
    sqlx::query!("UPDATE synced_referrals SET displaced = TRUE WHERE original_referral_id = ANY($1)", ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes `rows`, read from `topic`; to be sorted by id. [`crate::referral_tree::settle`] must follow.
pub async fn write(
    connection: &mut PgConnection,
    topic: &str,
    rows: &[Synced<ReferralFields>],
) -> Result<()> {
    let source = SourceColumns::of(rows);
    let accounts: Vec<&str> = rows.iter().map(|row| row.fields.account.as_str()).collect();
    let referrers: Vec<Option<&str>> =
        rows.iter().map(|row| row.fields.referrer.as_ref().map(AccountSequence::as_str)).collect();
    let paths: Vec<Option<&str>> = rows.iter().map(|row| row.fields.ancestor_path.as_deref()).collect();
    let depths: Vec<Option<i32>> = rows.iter().map(|row| row.fields.depth).collect();
    let created: Vec<Option<DateTime<Utc>>> = rows.iter().map(|row| row.fields.created_at).collect();
    sqlx::query!(
        r#"INSERT INTO synced_referrals AS s
               (original_referral_id, account_sequence, referrer_account_sequence, source_ancestor_path, source_depth,
                source_created_at, source_sequence_num, source_epoch, source_snapshot, source_deleted_at, displaced,
                source_topic, source_partition, source_offset, depth)
           SELECT r.id, r.account, r.referrer, r.path, r.depth, r.created_at, r.lsn, r.epoch, r.snapshot, r.deleted_at,
                  r.displaced, $14, r.partition, r."offset", NULL
           FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::bigint[],
                       $8::int[], $9::bool[], $10::timestamptz[], $11::bool[], $12::int[], $13::bigint[])
                AS r(id, account, referrer, path, depth, created_at, lsn, epoch, snapshot, deleted_at, displaced,
                     partition, "offset")
           ON CONFLICT (original_referral_id) DO UPDATE SET
               account_sequence = EXCLUDED.account_sequence,
               referrer_account_sequence = EXCLUDED.referrer_account_sequence,
               source_ancestor_path = EXCLUDED.source_ancestor_path, source_depth = EXCLUDED.source_depth,
               source_created_at = EXCLUDED.source_created_at, source_sequence_num = EXCLUDED.source_sequence_num,
               source_epoch = EXCLUDED.source_epoch, source_snapshot = EXCLUDED.source_snapshot,
               source_deleted_at = EXCLUDED.source_deleted_at, displaced = EXCLUDED.displaced,
               source_topic = EXCLUDED.source_topic, source_partition = EXCLUDED.source_partition,
               source_offset = EXCLUDED.source_offset, synced_at = now(),
               warning = CASE
                   WHEN EXCLUDED.source_ancestor_path <> s.ancestor_path
                       THEN 'upstream''s path is not that of the referrers'
                   WHEN EXCLUDED.source_depth <> s.depth THEN 'upstream''s depth is not that of the referrers'
               END"#,
        &source.ids,
        &accounts as &[&str],
        &referrers as &[Option<&str>],
        &paths as &[Option<&str>],
        &depths as &[Option<i32>],
        &created as &[Option<DateTime<Utc>>],
        &source.lsns,
        &source.epochs,
        &source.snapshots,
        &source.deleted_at as &[Option<DateTime<Utc>>],
        &source.displaced,
        &source.partitions,
        &source.offsets,
        topic,
    )
    .execute(connection)
    .await?;
    Ok(())
}
