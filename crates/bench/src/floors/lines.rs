//! The ledger's floors: a bare COPY of lines that the service has just written, encoded beforehand, over one connection.

use anyhow::Context;
use futures::TryStreamExt;
use sqlx::postgres::PgPoolCopyExt;
use sqlx::{Connection, Executor, PgConnection, PgPool};

use super::shape;

/// Table, and the columns that both the seed and the service have, but the id.
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

/// Three tables that lines are copied into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tables {
    /// As first specified: random ids, no partitions, their indexes, their foreign key.
    Seed,
    /// Of the service's own shape: the very ids, partitions, one index.
    Own,
}

impl Tables {
    /// Makes them.
    pub(crate) async fn create(self, pool: &PgPool) -> anyhow::Result<()> {
        match self {
            Self::Seed => _ = pool.execute(include_str!("seed_tables.sql")).await?,
            Self::Own => shape::copy(pool, self.schema(), &TABLES.map(|(table, _)| table)).await?,
        }
        Ok(())
    }

    /// Empties them.
    pub(crate) async fn empty(self, pool: &PgPool) -> anyhow::Result<()> {
        for (table, _) in TABLES {
            pool.execute(&*format!("TRUNCATE {}.{table}", self.schema())).await?;
        }
        Ok(())
    }

    /// The lines of the entries `first` to `last` as the service wrote them.
    pub(crate) async fn read(self, pool: &PgPool, first: i64, last: i64) -> anyhow::Result<Batch> {
        let (id, more) = match self {
            Self::Seed => ("gen_random_uuid()", ""),
            Self::Own => ("id", ", distribution_seq, slot"),
        };
        let mut parts = Vec::new();
        for (table, columns) in TABLES {
            let from = format!(
                "COPY (SELECT {id}, {columns}{more} FROM {table}
                     WHERE id >= ledger_id_floor({first}) AND id < ledger_id_floor({last} + 1) ORDER BY {table}.id)
                 TO STDOUT BINARY"
            );
            let bytes: Vec<_> = pool.copy_out_raw(&from).await?.try_collect().await?;
            let into = format!("COPY {}.{table} (id, {columns}{more}) FROM STDIN BINARY", self.schema());
            parts.push((into, bytes.concat()));
        }
        Ok(Batch { parts })
    }

    fn schema(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Own => "own",
        }
    }
}

/// The lines of some entries, ready to be sent: one part a table.
#[derive(Debug)]
pub(crate) struct Batch {
    parts: Vec<(String, Vec<u8>)>,
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
