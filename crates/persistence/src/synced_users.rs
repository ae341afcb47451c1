//! The copy of upstream's users: one row an upstream id, one live row an `account_sequence`.
//!
//! Part of the caller's transaction. [`lock`] takes the rows' locks, sorted by upstream id, in one statement;
//! [`write`] takes no others but those of new rows. One round trip each, one more where an account changes hands.

use chrono::{DateTime, Utc};
use domain::AccountSequence;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::synced::{SourceColumns, SourcePosition, SourceVersion, Synced, not_read_since};

/// What upstream says of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFields {
    /// The account.
    pub account: AccountSequence,
    /// Never leaves the service.
    pub phone: Option<String>,
    /// As upstream spells it.
    pub status: Option<String>,
    /// Creation upstream; None: not known, or outside of the calendar.
    pub created_at: Option<DateTime<Utc>>,
}

/// Locks and reads the rows of `ids`, and the live holders of `accounts`.
pub async fn lock(
    connection: &mut PgConnection,
    ids: &[Uuid],
    accounts: &[&str],
) -> Result<Vec<Synced<UserFields>>> {
    let rows = sqlx::query!(
        r#"SELECT original_user_id, account_sequence, phone, status, created_at, source_sequence_num, source_epoch,
                  source_snapshot, source_deleted_at, displaced,
                  coalesce(source_partition, 0) AS "source_partition!", coalesce(source_offset, 0) AS "source_offset!"
           FROM synced_users
           WHERE original_user_id = ANY($1)
              OR (account_sequence = ANY($2) AND source_deleted_at IS NULL AND NOT displaced)
           ORDER BY original_user_id
           FOR UPDATE"#,
        ids,
        accounts as &[&str],
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Synced {
                id: row.original_user_id,
                version: SourceVersion {
                    epoch: row.source_epoch,
                    lsn: row.source_sequence_num,
                    snapshot: row.source_snapshot,
                },
                position: SourcePosition { partition: row.source_partition, offset: row.source_offset },
                deleted_at: row.source_deleted_at,
                displaced: row.displaced,
                fields: UserFields {
                    account: AccountSequence::parse(&row.account_sequence)?,
                    phone: row.phone,
                    status: row.status,
                    created_at: row.created_at,
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
    Ok(not_read_since!("synced_users", "original_user_id", connection, topic, ends, limit))
}

/// The rows that lost one of `accounts` and wait for a change of their own.
pub async fn displaced(connection: &mut PgConnection, accounts: &[&str]) -> Result<Vec<Uuid>> {
    let ids = sqlx::query_scalar!(
        "SELECT original_user_id FROM synced_users
         WHERE account_sequence = ANY($1) AND source_deleted_at IS NULL AND displaced",
        accounts as &[&str],
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

/// Takes the account away from the rows of `ids`, so that others can be written with it.
pub async fn release(connection: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
    sqlx::query!("UPDATE synced_users SET displaced = TRUE WHERE original_user_id = ANY($1)", ids)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes `rows`, read from `topic`; to be sorted by id. A new account whose first entry has been carried out before
/// counts as calculated.
pub async fn write(connection: &mut PgConnection, topic: &str, rows: &[Synced<UserFields>]) -> Result<()> {
    let source = SourceColumns::of(rows);
    let accounts: Vec<&str> = rows.iter().map(|row| row.fields.account.as_str()).collect();
    // who was deleted leaves no phone number behind
    let phone = |row: &Synced<UserFields>| row.fields.phone.clone().filter(|_| row.deleted_at.is_none());
    let phones: Vec<Option<String>> = rows.iter().map(phone).collect();
    let statuses: Vec<Option<&str>> = rows.iter().map(|row| row.fields.status.as_deref()).collect();
    let created: Vec<Option<DateTime<Utc>>> = rows.iter().map(|row| row.fields.created_at).collect();
    sqlx::query!(
        r#"INSERT INTO synced_users AS u
               (original_user_id, account_sequence, phone, status, created_at, source_sequence_num, source_epoch,
                source_snapshot, source_deleted_at, displaced, source_topic, source_partition, source_offset,
                contribution_calculated)
           SELECT r.id, r.account, r.phone, r.status, r.created_at, r.lsn, r.epoch, r.snapshot, r.deleted_at,
                  r.displaced, $13, r.partition, r."offset",
                  EXISTS (SELECT FROM synced_adoptions a
                          WHERE a.account_sequence = r.account AND a.contribution_distributed)
           FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::int[],
                       $8::bool[], $9::timestamptz[], $10::bool[], $11::int[], $12::bigint[])
                AS r(id, account, phone, status, created_at, lsn, epoch, snapshot, deleted_at, displaced, partition,
                     "offset")
           ON CONFLICT (original_user_id) DO UPDATE SET
               account_sequence = EXCLUDED.account_sequence, phone = EXCLUDED.phone, status = EXCLUDED.status,
               created_at = EXCLUDED.created_at, source_sequence_num = EXCLUDED.source_sequence_num,
               source_epoch = EXCLUDED.source_epoch, source_snapshot = EXCLUDED.source_snapshot,
               source_deleted_at = EXCLUDED.source_deleted_at, displaced = EXCLUDED.displaced,
               source_topic = EXCLUDED.source_topic, source_partition = EXCLUDED.source_partition,
               source_offset = EXCLUDED.source_offset, synced_at = now(),
               contribution_calculated = CASE WHEN u.account_sequence = EXCLUDED.account_sequence
                   THEN u.contribution_calculated ELSE EXCLUDED.contribution_calculated END"#,
        &source.ids,
        &accounts as &[&str],
        &phones as &[Option<String>],
        &statuses as &[Option<&str>],
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
