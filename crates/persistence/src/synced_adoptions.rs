//! The copy of upstream's adoptions: one row an upstream id. The sequencer reads it; only the ingestor writes what
//! upstream says.
//!
//! Part of the caller's transaction. [`lock`] takes the rows' locks, sorted by upstream id, in one statement;
//! [`write`] takes no others but those of new rows. One round trip each.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountSequence, Amount, SourcePrice};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::synced::{SourceColumns, SourcePosition, SourceVersion, Synced, not_read_since};

/// What upstream says of an adoption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionFields {
    /// The adopter.
    pub account: AccountSequence,
    /// Trees.
    pub tree_count: i32,
    /// Day of the adoption.
    pub adoption_date: NaiveDate,
    /// As upstream spells it.
    pub status: Option<String>,
    /// Price of one tree.
    pub price: SourcePrice,
    /// Creation upstream; None: not known, or outside of the calendar.
    pub created_at: Option<DateTime<Utc>>,
}

/// Locks and reads the rows of `ids`.
pub async fn lock(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Synced<AdoptionFields>>> {
    let rows = sqlx::query!(
        r#"SELECT original_adoption_id, account_sequence, tree_count, adoption_date, status, contribution_per_tree,
                  unstorable_price, source_created_at, source_sequence_num, source_epoch, source_snapshot,
                  source_deleted_at, coalesce(source_partition, 0) AS "source_partition!",
                  coalesce(source_offset, 0) AS "source_offset!"
           FROM synced_adoptions
           WHERE original_adoption_id = ANY($1)
           ORDER BY original_adoption_id
           FOR UPDATE"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let price = match (row.contribution_per_tree, row.unstorable_price) {
                (Some(price), _) => SourcePrice::Priced(Amount::from_decimal(price)?),
                (None, Some(text)) => SourcePrice::Unstorable(text),
                (None, None) => SourcePrice::Unpriced,
            };
            Ok(Synced {
                id: row.original_adoption_id,
                version: SourceVersion {
                    epoch: row.source_epoch,
                    lsn: row.source_sequence_num,
                    snapshot: row.source_snapshot,
                },
                position: SourcePosition { partition: row.source_partition, offset: row.source_offset },
                deleted_at: row.source_deleted_at,
                displaced: false,
                fields: AdoptionFields {
                    account: AccountSequence::parse(&row.account_sequence)?,
                    tree_count: row.tree_count,
                    adoption_date: row.adoption_date,
                    status: row.status,
                    price,
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
    Ok(not_read_since!("synced_adoptions", "original_adoption_id", connection, topic, ends, limit))
}

/// Writes `rows`, read from `topic`; to be sorted by id. `changed` says for each whether more than its version moved:
/// then `changed_version` rises.
pub async fn write(
    connection: &mut PgConnection,
    topic: &str,
    rows: &[Synced<AdoptionFields>],
    changed: &[bool],
) -> Result<()> {
    let source = SourceColumns::of(rows);
    let accounts: Vec<&str> = rows.iter().map(|row| row.fields.account.as_str()).collect();
    let trees: Vec<i32> = rows.iter().map(|row| row.fields.tree_count).collect();
    let dates: Vec<NaiveDate> = rows.iter().map(|row| row.fields.adoption_date).collect();
    let statuses: Vec<Option<&str>> = rows.iter().map(|row| row.fields.status.as_deref()).collect();
    let created: Vec<Option<DateTime<Utc>>> = rows.iter().map(|row| row.fields.created_at).collect();
    let mut prices: Vec<Option<Decimal>> = Vec::with_capacity(rows.len());
    let mut unstorable: Vec<Option<&str>> = Vec::with_capacity(rows.len());
    for row in rows {
        let (price, text) = match &row.fields.price {
            SourcePrice::Unpriced => (None, None),
            SourcePrice::Priced(amount) => (Some(amount.to_decimal()?), None),
            SourcePrice::Unstorable(text) => (None, Some(text.as_str())),
        };
        prices.push(price);
        unstorable.push(text);
    }
    sqlx::query!(
        r#"INSERT INTO synced_adoptions AS a
               (original_adoption_id, account_sequence, tree_count, adoption_date, status, contribution_per_tree,
                unstorable_price, source_created_at, source_sequence_num, source_epoch, source_snapshot,
                source_deleted_at, source_topic, source_partition, source_offset, changed_version)
           SELECT r.id, r.account, r.trees, r.day, r.status, r.price, r.unstorable, r.created_at, r.lsn, r.epoch,
                  r.snapshot, r.deleted_at, $15, r.partition, r."offset", r.changed::int
           FROM UNNEST($1::uuid[], $2::text[], $3::int[], $4::date[], $5::text[], $6::numeric[], $7::text[],
                       $8::timestamptz[], $9::bigint[], $10::int[], $11::bool[], $12::timestamptz[], $13::int[],
                       $14::bigint[], $16::bool[])
                AS r(id, account, trees, day, status, price, unstorable, created_at, lsn, epoch, snapshot, deleted_at,
                     partition, "offset", changed)
           ON CONFLICT (original_adoption_id) DO UPDATE SET
               account_sequence = EXCLUDED.account_sequence, tree_count = EXCLUDED.tree_count,
               adoption_date = EXCLUDED.adoption_date, status = EXCLUDED.status,
               contribution_per_tree = EXCLUDED.contribution_per_tree, unstorable_price = EXCLUDED.unstorable_price,
               source_created_at = EXCLUDED.source_created_at, source_sequence_num = EXCLUDED.source_sequence_num,
               source_epoch = EXCLUDED.source_epoch, source_snapshot = EXCLUDED.source_snapshot,
               source_deleted_at = EXCLUDED.source_deleted_at, source_topic = EXCLUDED.source_topic,
               source_partition = EXCLUDED.source_partition, source_offset = EXCLUDED.source_offset,
               synced_at = now(), changed_version = a.changed_version + EXCLUDED.changed_version"#,
        &source.ids,
        &accounts as &[&str],
        &trees,
        &dates,
        &statuses as &[Option<&str>],
        &prices as &[Option<Decimal>],
        &unstorable as &[Option<&str>],
        &created as &[Option<DateTime<Utc>>],
        &source.lsns,
        &source.epochs,
        &source.snapshots,
        &source.deleted_at as &[Option<DateTime<Utc>>],
        &source.partitions,
        &source.offsets,
        topic,
        changed,
    )
    .execute(connection)
    .await?;
    Ok(())
}
