//! Sealed snapshots, newest first, their lines and proofs, and what was booked since.
//!
//! A sealed snapshot never changes, so several statements about one need no common view; [`drift`] does.

use chrono::{DateTime, NaiveDate, Utc};
use domain::merkle::BLOCK_LEAVES;
use domain::{Amount, Hash, Leaf, Node, Proof, Ratio, StoredTree};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;

use super::Page;
use crate::{Error, Result};

/// The header of a sealed snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", schema(as = Snapshot))]
pub struct Header {
    /// Of which day.
    pub snapshot_date: NaiveDate,
    /// When it was sealed.
    pub sealed_at: DateTime<Utc>,
    /// Nothing that belongs to it was left open.
    pub complete: bool,
    /// Σ of its lines.
    pub network_total_contribution: Amount,
    /// How many lines it has.
    pub account_count: i64,
    /// The root of its tree.
    pub merkle_root: Hash,
    /// It holds the lines of the entries through this one.
    pub watermark: i64,
}

/// An account's line of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", schema(as = SnapshotLine))]
pub struct Line {
    /// Of which day.
    pub snapshot_date: NaiveDate,
    /// Whose; system accounts as `SYS-…`.
    pub account_sequence: String,
    /// What was live that day.
    pub effective_contribution: Amount,
    /// Σ of all lines.
    pub network_total_contribution: Amount,
    /// The line's share of it; all shares sum to 1.
    pub contribution_ratio: Ratio,
}

/// The header of the snapshot of `day`, if it is sealed.
pub async fn header(connection: &mut PgConnection, day: NaiveDate) -> Result<Option<Header>> {
    let row = sqlx::query_as!(
        HeaderRow,
        r#"SELECT snapshot_date, sealed_at, complete, network_total, account_count, merkle_root AS "merkle_root!",
               watermark
           FROM snapshots WHERE snapshot_date = $1"#,
        day
    )
    .fetch_optional(connection)
    .await?;
    row.map(HeaderRow::into_header).transpose()
}

/// A stored [`Header`].
struct HeaderRow {
    snapshot_date: NaiveDate,
    sealed_at: DateTime<Utc>,
    complete: bool,
    network_total: Decimal,
    account_count: i64,
    merkle_root: Vec<u8>,
    watermark: i64,
}

impl HeaderRow {
    fn into_header(self) -> Result<Header> {
        Ok(Header {
            snapshot_date: self.snapshot_date,
            sealed_at: self.sealed_at,
            complete: self.complete,
            network_total_contribution: Amount::from_decimal(self.network_total)?,
            account_count: self.account_count,
            merkle_root: Hash::from_bytes(&self.merkle_root).map_err(Error::corrupt)?,
            watermark: self.watermark,
        })
    }
}

/// The headers of the days before `before`, newest first. One round trip.
pub async fn page(connection: &mut PgConnection, before: NaiveDate, limit: i64) -> Result<Page<Header>> {
    let rows = sqlx::query_as!(
        HeaderRow,
        r#"SELECT snapshot_date, sealed_at, complete, network_total, account_count, merkle_root AS "merkle_root!",
               watermark
           FROM snapshots WHERE snapshot_date < $1 ORDER BY snapshot_date DESC LIMIT $2::bigint + 1"#,
        before,
        limit
    )
    .fetch_all(connection)
    .await?;
    let headers = rows.into_iter().map(HeaderRow::into_header).collect::<Result<Vec<_>>>()?;
    Ok(Page::from_rows(headers, limit))
}

/// The line of `account`; none where it had no effective contribution that day, or the day is not sealed. One round trip.
pub async fn line(connection: &mut PgConnection, day: NaiveDate, account: &str) -> Result<Option<Line>> {
    let row = sqlx::query!(
        "SELECT effective_contribution, network_total_contribution, contribution_ratio
         FROM daily_contribution_snapshots WHERE snapshot_date = $1 AND account_sequence = $2",
        day,
        account
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Line {
        snapshot_date: day,
        account_sequence: account.to_owned(),
        effective_contribution: Amount::from_decimal(row.effective_contribution)?,
        network_total_contribution: Amount::from_decimal(row.network_total_contribution)?,
        contribution_ratio: Ratio::from_decimal(row.contribution_ratio)?,
    }))
}

/// The lines of accounts behind `after`, in byte order. One round trip.
pub async fn account_lines(
    connection: &mut PgConnection,
    day: NaiveDate,
    after: &str,
    limit: i64,
) -> Result<Page<Line>> {
    let rows = sqlx::query!(
        "SELECT account_sequence, effective_contribution, network_total_contribution, contribution_ratio
         FROM daily_contribution_snapshots WHERE snapshot_date = $1 AND account_sequence > $2
         ORDER BY account_sequence LIMIT $3::bigint + 1",
        day,
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    let line = rows.into_iter().map(|row| {
        Ok(Line {
            snapshot_date: day,
            account_sequence: row.account_sequence,
            effective_contribution: Amount::from_decimal(row.effective_contribution)?,
            network_total_contribution: Amount::from_decimal(row.network_total_contribution)?,
            contribution_ratio: Ratio::from_decimal(row.contribution_ratio)?,
        })
    });
    Ok(Page::from_rows(line.collect::<Result<Vec<_>>>()?, limit))
}

/// The proof that `account` has the line that it has; none where it has none. Two round trips, over the tree's blocks and
/// the lines of one of them. A proof that does not lead to the header's root is an error: something was changed.
pub async fn proof(connection: &mut PgConnection, header: &Header, account: &str) -> Result<Option<Proof>> {
    let day = header.snapshot_date;
    let blocks = sqlx::query!(
        "SELECT first_account, hash, sum FROM snapshot_tree_blocks WHERE snapshot_date = $1 ORDER BY block",
        day
    )
    .fetch_all(&mut *connection)
    .await?;
    let behind = blocks.partition_point(|block| block.first_account.as_str() <= account);
    let Some(block) = behind.checked_sub(1) else { return Ok(None) };
    let lines = lines(connection, day, &blocks[block].first_account).await?;
    let Ok(place) = lines.binary_search_by(|(name, ..)| name.as_str().cmp(account)) else { return Ok(None) };
    let leaves: Vec<Leaf<'_>> = lines
        .iter()
        .map(|(account, amount, ratio)| Leaf { account, amount: *amount, ratio: *ratio })
        .collect();
    let nodes = blocks
        .iter()
        .map(|block| {
            let hash = Hash::from_bytes(&block.hash).map_err(Error::corrupt)?;
            Ok(Node { hash, sum: Amount::from_decimal(block.sum)? })
        })
        .collect::<Result<Vec<_>>>()?;
    let leaves_of_all = u64::try_from(header.account_count).map_err(Error::corrupt)?;
    let tree = StoredTree { date: day, leaves: leaves_of_all, blocks: &nodes };
    let proof = tree.open(block, &leaves)?.prove(place);
    if let Some(proof) = &proof {
        let disproved = |why| Error::corrupt(format!("the snapshot of {day}, line of {account}: {why}"));
        proof.verify(&header.merkle_root).map_err(disproved)?;
    }
    Ok(proof)
}

/// The lines of a block, from its first account on, in byte order. Counted rather than bounded by the next block's first
/// account: a bound that may be missing is no condition of the index once the server keeps one plan for all.
async fn lines(
    connection: &mut PgConnection,
    day: NaiveDate,
    first: &str,
) -> Result<Vec<(String, Amount, Ratio)>> {
    let rows = sqlx::query!(
        "SELECT account_sequence, effective_contribution, contribution_ratio FROM daily_contribution_snapshots
         WHERE snapshot_date = $1 AND account_sequence >= $2 ORDER BY account_sequence LIMIT $3",
        day,
        first,
        i64::try_from(BLOCK_LEAVES).map_err(Error::corrupt)?
    )
    .fetch_all(connection)
    .await?;
    let line = |row: (String, Decimal, Decimal)| {
        Ok((row.0, Amount::from_decimal(row.1)?, Ratio::from_decimal(row.2)?))
    };
    rows.into_iter()
        .map(|row| line((row.account_sequence, row.effective_contribution, row.contribution_ratio)))
        .collect()
}

/// What entries booked after the seal would have changed for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Whose; system accounts as `SYS-…`.
    pub account_sequence: String,
    /// Its effective contribution in the snapshot; zero where it has no line.
    pub sealed_contribution: Amount,
    /// Its lines of later entries that live on the snapshot's day.
    pub drift: Amount,
}

/// What they would have changed in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TotalDrift {
    /// How many accounts, system accounts included.
    pub account_count: i64,
    /// Σ of the accounts' drift.
    pub accounts: Amount,
    /// Σ of the system accounts' drift.
    pub system_accounts: Amount,
}

/// A statement over `drift (account, amount)`: by account, the lines live on day $2 of the entries beyond $1. Few entries
/// concern a day that is over, and the journal tells which, so that the ledger is not scanned.
macro_rules! over_drift {
    ($select:literal, $($argument:expr),+) => {
        sqlx::query!(
            "WITH late AS (
                 SELECT distribution_seq FROM distribution_journal
                 WHERE distribution_seq > $1::bigint AND effective_date <= $2::date),
             live AS (
                 SELECT r.account_sequence::text AS account, r.amount FROM late JOIN contribution_records r
                     ON r.id >= ledger_id_floor(late.distribution_seq) AND r.id < ledger_id_floor(late.distribution_seq + 1)
                 WHERE r.effective_date <= $2 AND $2 < r.expire_date
                 UNION ALL
                 SELECT 'SYS-' || a.account_type, r.amount FROM late JOIN system_contribution_records r
                     ON r.id >= ledger_id_floor(late.distribution_seq) AND r.id < ledger_id_floor(late.distribution_seq + 1)
                 JOIN system_accounts a ON a.id = r.system_account_id
                 WHERE r.effective_date <= $2 AND (r.expire_date IS NULL OR $2 < r.expire_date)),
             drift AS (SELECT account, sum(amount) AS amount FROM live GROUP BY account HAVING sum(amount) <> 0) "
                + $select,
            $($argument),+
        )
    };
}

/// The drift of the accounts behind `after`, in byte order. One round trip.
pub async fn drift(
    connection: &mut PgConnection,
    header: &Header,
    after: &str,
    limit: i64,
) -> Result<Page<Drift>> {
    let rows = over_drift!(
        r#"SELECT drift.account AS "account!", drift.amount AS "amount!",
               coalesce(s.effective_contribution, 0) AS "sealed!"
           FROM drift LEFT JOIN daily_contribution_snapshots s
               ON s.snapshot_date = $2 AND s.account_sequence = drift.account COLLATE "C"
           WHERE drift.account COLLATE "C" > $3 ORDER BY drift.account COLLATE "C" LIMIT $4::bigint + 1"#,
        header.watermark,
        header.snapshot_date,
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    let drifts = rows
        .into_iter()
        .map(|row| {
            Ok(Drift {
                account_sequence: row.account,
                sealed_contribution: Amount::from_decimal(row.sealed)?,
                drift: Amount::from_decimal(row.amount)?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Page::from_rows(drifts, limit))
}

/// The drift of all accounts. One round trip.
pub async fn total_drift(connection: &mut PgConnection, header: &Header) -> Result<TotalDrift> {
    let row = over_drift!(
        r#"SELECT count(*) AS "account_count!",
               sum(amount) FILTER (WHERE account NOT LIKE 'SYS-%') AS accounts,
               sum(amount) FILTER (WHERE account LIKE 'SYS-%') AS system_accounts
           FROM drift"#,
        header.watermark,
        header.snapshot_date
    )
    .fetch_one(connection)
    .await?;
    Ok(TotalDrift {
        account_count: row.account_count,
        accounts: super::sum(row.accounts)?,
        system_accounts: super::sum(row.system_accounts)?,
    })
}
