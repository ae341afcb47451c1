//! The ledger's floor: a bare COPY of lines that the service has just written, into the tables as first specified.

use anyhow::Context;
use futures::TryStreamExt;
use sqlx::postgres::PgPoolCopyExt;
use sqlx::{Connection, Executor, PgConnection, PgPool};

/// Table, and its columns but the id.
const TABLES: [(&str, &str); 3] = [
    (
        "contribution_records",
        "account_sequence, source_type, source_adoption_id, source_account_sequence, tree_count, base_contribution,
         distribution_rate, level_depth, bonus_tier, amount, effective_date, expire_date, is_expired, expired_at,
         created_at",
    ),
    (
        "unallocated_contributions",
        "source_adoption_id, source_account_sequence, unalloc_type, would_be_account_sequence, level_depth, amount,
         reason, allocated_to_headquarters, allocated_at, effective_date, expire_date, created_at",
    ),
    (
        "system_contribution_records",
        "system_account_id, source_adoption_id, source_account_sequence, distribution_rate, amount, effective_date,
         expire_date, is_expired, created_at",
    ),
];

/// The lines of some entries, ready to be sent: one part a table.
#[derive(Debug)]
pub(crate) struct Batch {
    parts: Vec<(String, Vec<u8>)>,
}

/// Makes the tables.
pub(crate) async fn create(pool: &PgPool) -> anyhow::Result<()> {
    pool.execute(include_str!("seed_tables.sql")).await?;
    Ok(())
}

/// Empties them.
pub(crate) async fn empty(pool: &PgPool) -> anyhow::Result<()> {
    for (table, _) in TABLES {
        pool.execute(&*format!("TRUNCATE seed.{table}")).await?;
    }
    Ok(())
}

/// The lines of the entries `first` to `last` as the service wrote them, under random ids.
pub(crate) async fn read(pool: &PgPool, first: i64, last: i64) -> anyhow::Result<Batch> {
    let mut parts = Vec::new();
    for (table, columns) in TABLES {
        let from = format!(
            "COPY (SELECT gen_random_uuid(), {columns} FROM {table}
                 WHERE id >= ledger_id_floor({first}) AND id < ledger_id_floor({last} + 1) ORDER BY {table}.id)
             TO STDOUT BINARY"
        );
        let bytes: Vec<_> = pool.copy_out_raw(&from).await?.try_collect().await?;
        parts.push((format!("COPY seed.{table} (id, {columns}) FROM STDIN BINARY"), bytes.concat()));
    }
    Ok(Batch { parts })
}

/// Sends batches over one connection, each in a transaction.
pub(crate) async fn write(connection: &mut PgConnection, batches: &[Batch]) -> anyhow::Result<()> {
    for batch in batches {
        let mut transaction = connection.begin().await?;
        for (statement, bytes) in &batch.parts {
            let mut copy = transaction.copy_in_raw(statement).await?;
            for piece in bytes.chunks(1 << 20) {
                copy.send(piece).await?;
            }
            copy.finish().await.context("the floor's COPY")?;
        }
        transaction.commit().await?;
    }
    Ok(())
}
