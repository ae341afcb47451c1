//! Empty tables of the very shape of the service's, in a schema of their own: columns, defaults, checks, indexes, fill
//! factor and partitions.

use sqlx::{Executor, PgPool};

/// Makes `schema` with a copy of each of `tables`.
pub(crate) async fn copy(pool: &PgPool, schema: &str, tables: &[&str]) -> anyhow::Result<()> {
    pool.execute(&*format!("CREATE SCHEMA {schema}")).await?;
    for table in tables {
        let (storage, partitioned): (Option<String>, bool) = sqlx::query_as(
            "SELECT array_to_string(reloptions, ', '), relkind = 'p' FROM pg_class WHERE oid = $1::text::regclass",
        )
        .bind(table)
        .fetch_one(pool)
        .await?;
        let kind = match storage {
            _ if partitioned => "PARTITION BY RANGE (id)".to_owned(),
            Some(storage) => format!("WITH ({storage})"),
            None => String::new(),
        };
        pool.execute(&*format!("CREATE TABLE {schema}.{table} (LIKE {table} INCLUDING ALL) {kind}")).await?;
        copy_partitions(pool, schema, table).await?;
    }
    Ok(())
}

async fn copy_partitions(pool: &PgPool, schema: &str, table: &str) -> anyhow::Result<()> {
    let partitions: Vec<(String, String)> = sqlx::query_as(
        "SELECT relname::text, pg_get_expr(relpartbound, oid) FROM pg_class
         WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = $1::text::regclass) ORDER BY relname",
    )
    .bind(table)
    .fetch_all(pool)
    .await?;
    for (partition, bounds) in partitions {
        let made = format!("CREATE TABLE {schema}.{partition} PARTITION OF {schema}.{table} {bounds}");
        pool.execute(&*made).await?;
    }
    Ok(())
}
