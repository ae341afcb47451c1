//! The daily snapshot: sealing it (RULES section 7).
//!
//! Guarantees that a sealed snapshot holds exactly the lines with seq ≤ W that are live on its day, that its lines, tree,
//! header and event become visible together, and that a day is sealed once. Transaction: the caller's, opened by
//! [`begin`]: REPEATABLE READ, so that balances and the lines taken off again are of one moment, whatever is carried out
//! meanwhile. Locks: the table `snapshots` against others who seal, taken before the transaction's view is fixed, so
//! that the second sees what the first has committed; nobody who books or reads waits for it. Round trips: about ten.
//!
//! Accounts, amounts and ratios are held in memory, about 120 bytes an account. Ratios are apportioned here and the
//! lines copied: to rank a million remainders alone took the server four seconds, and an INSERT is slower than a COPY.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use domain::merkle::BLOCK_LEAVES;
use domain::{Amount, ApportionError, Hash, Leaf, Ratio, SumTree, TreeBlock, apportion};
use futures::TryStreamExt;
use serde::Serialize;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::calls::{self, Channel};
use crate::copy::CopyBuffer;
use crate::outbox::{self, Aggregate};
use crate::views::snapshots::{Header, header};
use crate::{Error, Result, chunks, due};

const COPY_LINES: &str = "COPY daily_contribution_snapshots (id, snapshot_date, account_sequence, \
    effective_contribution, network_total_contribution, contribution_ratio, created_at) FROM STDIN BINARY";

/// Which snapshot is to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The day, which must be the business day, rolled to its end.
    pub day: NaiveDate,
    /// W: the lines of all entries through it take part, and of no other.
    pub watermark: i64,
    /// Nothing that belongs to it was left open.
    pub complete: bool,
    /// Whether system accounts take part as `SYS-…`.
    pub system_accounts: bool,
    /// Shards of the outbox.
    pub shards: i16,
    /// When it is sealed, in whole microseconds.
    pub at: DateTime<Utc>,
}

/// What came of an [`Order`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sealed {
    /// It is sealed with the commit of the transaction.
    Now(Header),
    /// The day was sealed already; nothing was written.
    Before(Header),
}

/// Why a day cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Balances hold for another day.
    #[error("the business day is {current}: {day} cannot be sealed")]
    AnotherDay {
        /// The day to be sealed.
        day: NaiveDate,
        /// The business day.
        current: NaiveDate,
    },
    /// Balances do not hold for the day yet.
    #[error("the roll to {day} is not complete: it is in its phase {phase}")]
    Rolling {
        /// The day to be sealed.
        day: NaiveDate,
        /// `summing`, `accounts` or `marking`.
        phase: String,
    },
    /// Lines that belong to the snapshot are not there yet.
    #[error("entries are carried out through {reached}, not through {watermark}")]
    NotCarriedOut {
        /// W.
        watermark: i64,
        /// The distribution watermark.
        reached: i64,
    },
    /// Amounts that have no ratios.
    #[error(transparent)]
    Apportion(#[from] ApportionError),
    /// The database, or what it holds.
    #[error(transparent)]
    Persistence(#[from] Error),
}

impl From<sqlx::Error> for SealError {
    fn from(error: sqlx::Error) -> Self {
        Self::Persistence(error.into())
    }
}

/// Who takes part, in byte order, and with how much.
type Holders = Vec<(Box<str>, Amount)>;

/// Opens a transaction that seals.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    // of all statements this one alone does not fix the view
    sqlx::query!("LOCK TABLE snapshots IN SHARE ROW EXCLUSIVE MODE").execute(&mut *transaction).await?;
    Ok(transaction)
}

/// Seals as ordered, with the transaction of [`begin`].
pub async fn seal(connection: &mut PgConnection, order: &Order) -> std::result::Result<Sealed, SealError> {
    if let Some(header) = header(connection, order.day).await? {
        return Ok(Sealed::Before(header));
    }
    check(connection, order).await?;
    let holders = holders(connection, order).await?;
    let ratios = apportion(&holders)?;
    let total = Amount::checked_sum(holders.iter().map(|(_, amount)| *amount)).map_err(Error::from)?;
    let (merkle_root, blocks) = write_lines(connection, order, &holders, &ratios, total).await?;
    let header = Header {
        snapshot_date: order.day,
        sealed_at: order.at,
        complete: order.complete,
        network_total_contribution: total,
        account_count: i64::try_from(holders.len()).map_err(Error::corrupt)?,
        merkle_root,
        watermark: order.watermark,
    };
    write_blocks(connection, order.day, &blocks).await?;
    write_header(connection, &header).await?;
    write_event(connection, &header, order.shards).await?;
    Ok(Sealed::Now(header))
}

/// Looks at what the caller of [`seal`] has to see to: the roll to the day is complete, and all is carried out through W.
pub async fn check(connection: &mut PgConnection, order: &Order) -> std::result::Result<(), SealError> {
    let (day, watermark) = (order.day, order.watermark);
    let row =
        sqlx::query!("SELECT current_day, roll_phase FROM business_day").fetch_one(&mut *connection).await?;
    if row.current_day != day {
        return Err(SealError::AnotherDay { day, current: row.current_day });
    }
    if row.roll_phase != "idle" {
        return Err(SealError::Rolling { day, phase: row.roll_phase });
    }
    let reached = chunks::watermark(connection).await?;
    if reached < watermark {
        return Err(SealError::NotCarriedOut { watermark, reached });
    }
    Ok(())
}

/// Whether nothing is left open that could belong to the snapshot of `day`: every source has been read past the start of
/// the day, and all that was read is judged, numbered and carried out.
pub async fn nothing_left_open(connection: &mut PgConnection, day: NaiveDate) -> Result<bool> {
    let start = due::start_of(connection, day).await?;
    if !due::is_read_through(connection, start).await? {
        return Ok(false);
    }
    Ok(sqlx::query_scalar!(
        r#"SELECT bootstrap_open
               AND NOT EXISTS (SELECT FROM referral_tree_tasks)
               AND NOT EXISTS (SELECT FROM sequencer_queue)
               AND NOT EXISTS (SELECT FROM sequencer_backlog WHERE state IN ('changed', 'ready'))
               AND NOT EXISTS (SELECT FROM distribution_chunks WHERE distributed_at IS NULL) AS "nothing!"
           FROM sequencer_state"#
    )
    .fetch_one(connection)
    .await?)
}

/// Effective contribution above zero, less what entries beyond W have brought. The server gives accounts in the order of
/// their index, which a join with what is taken off would cost.
async fn holders(connection: &mut PgConnection, order: &Order) -> Result<Holders> {
    let mut beyond = beyond(connection, order).await?;
    let mut holders = Holders::new();
    {
        let mut rows = sqlx::query!(
            "SELECT account_sequence, effective_contribution FROM contribution_accounts
             WHERE effective_contribution <> 0 ORDER BY account_sequence"
        )
        .fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            let amount = Amount::from_decimal(row.effective_contribution)?;
            let less = beyond.remove(row.account_sequence.as_str()).unwrap_or_default();
            holders.push((row.account_sequence.into_boxed_str(), amount.checked_sub(less)?));
        }
    }
    let systems = sqlx::query!(
        r#"SELECT 'SYS-' || account_type AS "account!", effective_balance FROM system_accounts WHERE $1"#,
        order.system_accounts
    );
    for row in systems.fetch_all(connection).await? {
        let amount = Amount::from_decimal(row.effective_balance)?;
        let less = beyond.remove(row.account.as_str()).unwrap_or_default();
        holders.push((row.account.into_boxed_str(), amount.checked_sub(less)?));
    }
    // who has nothing now, and had something through W
    for (account, less) in beyond {
        holders.push((account, less.checked_neg()?));
    }
    holders.retain(|(_, amount)| *amount > Amount::ZERO);
    holders.sort_by(|(one, _), (other, _)| one.cmp(other)); // all but the last few are in order
    Ok(holders)
}

/// What entries beyond W have brought to those who take part.
async fn beyond(connection: &mut PgConnection, order: &Order) -> Result<HashMap<Box<str>, Amount>> {
    let mut rows = sqlx::query!(
        r#"SELECT account_sequence::text AS "account!", sum(amount) AS "amount!" FROM contribution_records
           WHERE id >= ledger_id_floor($1::bigint + 1) AND effective_date <= $2 AND $2 < expire_date
           GROUP BY account_sequence
           UNION ALL
           SELECT 'SYS-' || s.account_type, sum(r.amount)
           FROM system_contribution_records r JOIN system_accounts s ON s.id = r.system_account_id
           WHERE $3 AND r.id >= ledger_id_floor($1::bigint + 1) AND r.effective_date <= $2
               AND (r.expire_date IS NULL OR $2 < r.expire_date)
           GROUP BY s.account_type"#,
        order.watermark,
        order.day,
        order.system_accounts
    )
    .fetch(connection);
    let mut beyond = HashMap::new();
    while let Some(row) = rows.try_next().await? {
        beyond.insert(row.account.into_boxed_str(), Amount::from_decimal(row.amount)?);
    }
    Ok(beyond)
}

/// Copies the lines, and grows their tree.
async fn write_lines(
    connection: &mut PgConnection,
    order: &Order,
    holders: &[(Box<str>, Amount)],
    ratios: &[Ratio],
    total: Amount,
) -> Result<(Hash, Vec<TreeBlock>)> {
    let mut tree = SumTree::default();
    let mut buffer = CopyBuffer::with_capacity(BLOCK_LEAVES * 160);
    let mut copy = connection.copy_in_raw(COPY_LINES).await?;
    let mut index = 0;
    for (holders, ratios) in holders.chunks(BLOCK_LEAVES).zip(ratios.chunks(BLOCK_LEAVES)) {
        for ((account, amount), ratio) in holders.iter().zip(ratios) {
            tree.push(&Leaf { account, amount: *amount, ratio: *ratio })?;
            buffer.row(7);
            buffer.uuid(line_id(order.day, index));
            buffer.date(order.day);
            buffer.text(account);
            buffer.numeric(amount.units(), 10);
            buffer.numeric(total.units(), 10);
            buffer.numeric(ratio.units().into(), 18);
            buffer.timestamptz(order.at);
            index += 1;
        }
        buffer.send_part(&mut copy).await?;
    }
    buffer.end(copy).await?;
    Ok(tree.finish(order.day)?)
}

/// The id of a line: a `UUIDv8` of the day as a number and the line's place, so that inserts go to the end of the key,
/// and sealing again from the journal gives the same ids.
fn line_id(day: NaiveDate, index: u64) -> Uuid {
    let day = u64::from(day.year().unsigned_abs()) * 10_000 + u64::from(day.month() * 100 + day.day());
    Uuid::new_v8(((u128::from(day) << 80) | u128::from(index)).to_be_bytes())
}

async fn write_blocks(connection: &mut PgConnection, day: NaiveDate, blocks: &[TreeBlock]) -> Result<()> {
    let first_accounts: Vec<&str> = blocks.iter().map(|block| block.first_account.as_str()).collect();
    let hashes: Vec<&[u8]> = blocks.iter().map(|block| &block.node.hash.as_bytes()[..]).collect();
    let sums = blocks.iter().map(|block| Ok(block.node.sum.to_decimal()?)).collect::<Result<Vec<_>>>()?;
    sqlx::query!(
        "INSERT INTO snapshot_tree_blocks (snapshot_date, block, first_account, hash, sum)
         SELECT $1, block - 1, first_account, hash, sum
         FROM UNNEST($2::text[], $3::bytea[], $4::numeric[]) WITH ORDINALITY AS t (first_account, hash, sum, block)",
        day,
        &first_accounts as &[&str],
        &hashes as &[&[u8]],
        &sums
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn write_header(connection: &mut PgConnection, header: &Header) -> Result<()> {
    sqlx::query!(
        "INSERT INTO snapshots (snapshot_date, sealed_at, complete, network_total, account_count, merkle_root, watermark)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        header.snapshot_date,
        header.sealed_at,
        header.complete,
        header.network_total_contribution.to_decimal()?,
        header.account_count,
        &header.merkle_root.as_bytes()[..],
        header.watermark
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// `DailySnapshotCreated`, as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DailySnapshotCreated {
    event_id: Uuid,
    event_type: &'static str,
    snapshot_date: NaiveDate,
    network_total_contribution: Amount,
    account_count: i64,
    complete: bool,
    merkle_root: Hash,
    created_at: String,
}

async fn write_event(connection: &mut PgConnection, header: &Header, shards: i16) -> Result<()> {
    let event = DailySnapshotCreated {
        event_id: Uuid::new_v4(),
        event_type: "DailySnapshotCreated",
        snapshot_date: header.snapshot_date,
        network_total_contribution: header.network_total_contribution,
        account_count: header.account_count,
        complete: header.complete,
        merkle_root: header.merkle_root,
        created_at: header.sealed_at.to_rfc3339_opts(SecondsFormat::Micros, true),
    };
    sqlx::query!(
        "INSERT INTO outbox_events (aggregate_type, aggregate_id, event_type, event_id, epoch, version, payload, traceparent,
             shard, created_at)
         SELECT $1, $2, $3, $4, epoch, 1, $5, $8, mod(hashtextextended($2, 0) & 1048575, $6::smallint)::smallint, $7
         FROM published_ledger",
        Aggregate::Snapshot.as_str(),
        header.snapshot_date.to_string(),
        event.event_type,
        event.event_id,
        serde_json::to_string(&event).map_err(Error::corrupt)?,
        shards,
        header.sealed_at,
        outbox::new_trace()
    )
    .execute(&mut *connection)
    .await?;
    calls::call(connection, Channel::Outbox).await
}
