//! What follows from the lines and the journal, as it is stored: accounts' rows and users' marks, in pages.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::accounts::{Balances, Counts};
use crate::Result;

/// A row of `contribution_accounts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// Whose.
    pub account: String,
    /// The balance columns.
    pub balances: Balances,
    /// The columns that the newest effect decides.
    pub counts: Counts,
}

/// The columns of a [`StoredAccount`].
pub(crate) struct AccountRow {
    pub(crate) account_sequence: String,
    pub(crate) personal_contribution: Decimal,
    pub(crate) team_level_contribution: Decimal,
    pub(crate) team_bonus_contribution: Decimal,
    pub(crate) total_contribution: Decimal,
    pub(crate) effective_contribution: Decimal,
    pub(crate) unlock_seq: i64,
    pub(crate) has_adopted: bool,
    pub(crate) direct_referral_adopted_count: i32,
    pub(crate) unlocked_level_depth: i32,
    pub(crate) unlocked_bonus_tiers: i32,
}

impl From<AccountRow> for StoredAccount {
    fn from(row: AccountRow) -> Self {
        Self {
            account: row.account_sequence,
            balances: Balances {
                personal: row.personal_contribution,
                team_level: row.team_level_contribution,
                team_bonus: row.team_bonus_contribution,
                total: row.total_contribution,
                effective: row.effective_contribution,
            },
            counts: Counts {
                seq: row.unlock_seq,
                has_adopted: row.has_adopted,
                directs: row.direct_referral_adopted_count,
                depth: row.unlocked_level_depth,
                tiers: row.unlocked_bonus_tiers,
            },
        }
    }
}

/// The first `limit` accounts behind `after`, by name.
pub async fn accounts(connection: &mut PgConnection, after: &str, limit: i64) -> Result<Vec<StoredAccount>> {
    let rows = sqlx::query_as!(
        AccountRow,
        "SELECT account_sequence, personal_contribution, team_level_contribution, team_bonus_contribution,
             total_contribution, effective_contribution, unlock_seq, has_adopted, direct_referral_adopted_count,
             unlocked_level_depth, unlocked_bonus_tiers
         FROM contribution_accounts WHERE account_sequence > $1 ORDER BY account_sequence LIMIT $2",
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(StoredAccount::from).collect())
}

/// The mark of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserMark {
    /// Upstream's id.
    pub id: Uuid,
    /// Its account.
    pub account: String,
    /// `contribution_calculated`.
    pub calculated: bool,
}

/// The first `limit` users behind `after`, by upstream's id.
pub async fn users(connection: &mut PgConnection, after: Uuid, limit: i64) -> Result<Vec<UserMark>> {
    Ok(sqlx::query_as!(
        UserMark,
        r#"SELECT original_user_id AS id, account_sequence AS account,
               coalesce(contribution_calculated, FALSE) AS "calculated!"
           FROM synced_users WHERE original_user_id > $1 ORDER BY original_user_id LIMIT $2"#,
        after,
        limit
    )
    .fetch_all(connection)
    .await?)
}

/// A chunk of the journal and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkState {
    /// Its first number.
    pub first: i64,
    /// The business day on which it was carried out, and when; none where it was not.
    pub carried_out: Option<(NaiveDate, DateTime<Utc>)>,
}

/// The chunks that the entries from `first` to `last` stand in, in order.
pub async fn chunks(connection: &mut PgConnection, first: i64, last: i64) -> Result<Vec<ChunkState>> {
    let rows = sqlx::query!(
        "SELECT first_seq, booked_day, distributed_at FROM distribution_chunks
         WHERE first_seq <= $2 AND first_seq >= coalesce(
             (SELECT max(first_seq) FROM distribution_chunks WHERE first_seq <= $1), $1)
         ORDER BY first_seq",
        first,
        last
    )
    .fetch_all(connection)
    .await?;
    let chunks = rows
        .into_iter()
        .map(|row| ChunkState { first: row.first_seq, carried_out: row.booked_day.zip(row.distributed_at) });
    Ok(chunks.collect())
}

/// Lets the server read ranges of ids by their index alone, until the transaction ends: it never sorts, and never reads
/// a table whose statistics are missing from end to end for each of many ranges.
pub async fn read_by_index(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "SELECT set_config('enable_seqscan', 'off', TRUE) AS seqscan,
             set_config('enable_bitmapscan', 'off', TRUE) AS bitmapscan, set_config('enable_sort', 'off', TRUE) AS sort"
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
