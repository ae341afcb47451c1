//! Partitions of the three ledger tables, each for a span of 2^20 entries, made ahead of the journal.
//!
//! Guarantees room for at least one whole span beyond the last number. One transaction a partition; it takes the
//! parent's lock for the moment of the CREATE. One round trip to look, one for each partition made.

use sqlx::PgConnection;

use crate::Result;

/// Entries in a partition, as a power of two.
const SPAN_BITS: u32 = 20;

/// Makes the partition of the last number and the two after it, where they are missing; says how many it made.
pub async fn make_ahead(connection: &mut PgConnection) -> Result<u64> {
    let last_seq =
        sqlx::query_scalar!("SELECT last_seq FROM sequencer_state").fetch_one(&mut *connection).await?;
    let current = last_seq >> SPAN_BITS;
    let mut made = 0;
    for span in current..=current + 2 {
        let missing = sqlx::query_scalar!(
            r#"SELECT to_regclass('contribution_records_p' || lpad($1::bigint::text, 4, '0')) IS NULL AS "missing!""#,
            span
        )
        .fetch_one(&mut *connection)
        .await?;
        if missing {
            sqlx::query!("SELECT create_ledger_partition($1)", span).fetch_one(&mut *connection).await?;
            made += 1;
        }
    }
    Ok(made)
}

/// How many whole partitions there are behind the one that the last number is in: what an alert watches.
pub async fn spans_ahead(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "spans!" FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, sequencer_state s
           WHERE i.inhparent = 'contribution_records'::regclass
               AND c.relname > 'contribution_records_p' || lpad((s.last_seq >> 20)::text, 4, '0')"#
    )
    .fetch_one(connection)
    .await?)
}
