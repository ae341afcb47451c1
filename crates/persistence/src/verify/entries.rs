//! Identity 1, and what identity 4 sums over entries.

use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::Result;

/// An entry whose lines do not add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbalanced {
    /// The entry.
    pub seq: i64,
    /// Its base, negative for a reversal; none where it has no lines: a move, not carried out, or not in the journal.
    pub expected: Option<Decimal>,
    /// The sum of slots 0 to 22; none where there is no line.
    pub slots: Option<Decimal>,
    /// Slot 23; none where there is no such line.
    pub headquarters: Option<Decimal>,
    /// The sum of its unallocated lines; none where there is no line.
    pub unallocated: Option<Decimal>,
}

/// The entries from `first` to `last` whose slots 0 to 22 do not sum to their base or whose slot 23 is not the sum of
/// what is unallocated, and lines without an entry that was carried out.
pub async fn unbalanced(connection: &mut PgConnection, first: i64, last: i64) -> Result<Vec<Unbalanced>> {
    Ok(sqlx::query_as!(
        Unbalanced,
        r#"WITH lines AS (
               SELECT distribution_seq AS seq, slot, amount, FALSE AS nobody FROM contribution_records
               WHERE id >= ledger_id_floor($1::bigint) AND id < ledger_id_floor($2::bigint + 1)
               UNION ALL
               SELECT distribution_seq, slot, amount, FALSE FROM system_contribution_records
               WHERE id >= ledger_id_floor($1::bigint) AND id < ledger_id_floor($2::bigint + 1)
               UNION ALL
               SELECT distribution_seq, slot, amount, TRUE FROM unallocated_contributions
               WHERE id >= ledger_id_floor($1::bigint) AND id < ledger_id_floor($2::bigint + 1)
           ), sums AS (
               SELECT seq, coalesce(sum(amount) FILTER (WHERE slot <= 22), 0) AS slots,
                   coalesce(sum(amount) FILTER (WHERE slot = 23), 0) AS headquarters,
                   coalesce(sum(amount) FILTER (WHERE nobody), 0) AS unallocated
               FROM lines GROUP BY seq
           ), carried_out AS (
               SELECT j.distribution_seq AS seq,
                   CASE j.kind WHEN 'DISTRIBUTE' THEN j.base_amount WHEN 'REVERSE' THEN -j.base_amount END AS expected
               FROM distribution_journal j
               WHERE j.distribution_seq BETWEEN $1 AND $2 AND j.kind <> 'REFERRAL_MOVE'
                   AND (SELECT c.distributed_at IS NOT NULL FROM distribution_chunks c
                        WHERE c.first_seq <= j.distribution_seq ORDER BY c.first_seq DESC LIMIT 1)
           )
           SELECT coalesce(e.seq, s.seq) AS "seq!", e.expected, s.slots, s.headquarters, s.unallocated
           FROM carried_out e FULL JOIN sums s ON s.seq = e.seq
           WHERE e.seq IS NULL OR s.seq IS NULL OR e.expected IS DISTINCT FROM s.slots
               OR s.headquarters <> s.unallocated
           ORDER BY 1"#,
        first,
        last
    )
    .fetch_all(connection)
    .await?)
}

/// Entries carried out that have lines, and the sum of their bases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedOut {
    /// How many distribute or reverse.
    pub entries: i64,
    /// Base distributed less base reversed.
    pub base: Decimal,
}

/// What of the entries from `first` to `last` was carried out.
pub async fn carried_out(connection: &mut PgConnection, first: i64, last: i64) -> Result<CarriedOut> {
    Ok(sqlx::query_as!(
        CarriedOut,
        r#"SELECT count(*) AS "entries!",
               coalesce(sum(CASE j.kind WHEN 'REVERSE' THEN -j.base_amount ELSE j.base_amount END), 0) AS "base!"
           FROM distribution_journal j
           WHERE j.distribution_seq BETWEEN $1 AND $2 AND j.kind <> 'REFERRAL_MOVE'
               AND (SELECT c.distributed_at IS NOT NULL FROM distribution_chunks c
                    WHERE c.first_seq <= j.distribution_seq ORDER BY c.first_seq DESC LIMIT 1)"#,
        first,
        last
    )
    .fetch_one(connection)
    .await?)
}

/// All chunks that are not carried out, as first and last number.
pub async fn open_chunks(connection: &mut PgConnection) -> Result<Vec<(i64, i64)>> {
    let rows = sqlx::query!(
        "SELECT first_seq, last_seq FROM distribution_chunks WHERE distributed_at IS NULL ORDER BY first_seq"
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.first_seq, row.last_seq)).collect())
}
