//! Writes anew what only follows from the lines and the journal: balances, effective contribution, counts, marks, and what
//! is added up by day ([`days`]).
//!
//! Guarantees that workers may go on meanwhile, and that nothing they do is lost or counted twice. Transactions are the
//! caller's, one for each bounded group. Locks in the order of [`crate::locks`]: business day → accounts in byte order,
//! one statement → outbox; marks of adoptions, marks of users and the system accounts each in transactions of their own.
//!
//! # Why an account can be summed while chunks are carried out
//!
//! A chunk's transaction T writes its lines, then locks and changes the row of *every* account that one of them or one
//! of its effects names, then commits; lines, row, and the chunk's mark become visible together. The rebuilding
//! transaction B first locks the rows of its accounts ([`lock_accounts`], which creates missing ones, so that there is
//! always a row to lock), and reads lines and chunks by statements that begin under that lock (READ COMMITTED: each
//! sees what was committed before it began). For an account X of B:
//!
//! - T locked X before B: B's lock waits for T's COMMIT, so B sees T's lines, effects and row. T is in.
//! - B locked X before T: T waits before its COMMIT, so B sees neither lines nor effects nor a change of the row. When
//!   B has committed, T's statement reads the row anew and adds its deltas to what B wrote. T is out, and follows.
//!
//! There is no third case: T cannot commit without X's lock. Effective contribution goes by the business day, which
//! both hold shared: the day cannot move under either, and a roll cannot begin. While one runs nothing is rebuilt.
//! The newest effect on X is the one known from the snapshot, or one of the chunks carried out since, which are read
//! under the lock ([`effects_since`]).
//!
//! # Why system accounts are corrected by a difference
//!
//! Every chunk changes them, and their lines are the whole ledger: they cannot be summed under their locks. But each
//! chunk adds the same to lines and rows, so the error of a row is the same at every commit; it is taken from one
//! snapshot and added ([`correct_system_accounts`]), under the same day. The session lock [`RECALCULATION`] keeps two
//! from adding it.
//!
//! # Why marks are written alone
//!
//! A worker passes over a user that is marked already, and over an adoption whose row names another entry, without a
//! lock. If its mark were wrong and changed in that moment, the worker's own would be missing for good. Under
//! [`hold_day_alone`] no chunk is between its claim and its COMMIT; what was carried out is seen, what was not follows.
//! The sequencer may hold an adoption and wait for the day: the server ends one of the two, and it is done again.
//!
//! [`RECALCULATION`]: crate::locks::RECALCULATION

pub mod days;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::verify::accounts::{Balances, Counts};
use crate::verify::derived::{AccountRow, StoredAccount};
use crate::{Result, business_day, locks};

/// Opens a transaction that rebuilds a group.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let mut transaction = pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    // groups are small: an index answers each of these statements
    sqlx::query!("SELECT set_config('enable_seqscan', 'off', TRUE)").fetch_one(&mut *transaction).await?;
    Ok(transaction)
}

/// Holds the business day still, with others, and says which it is; none while a roll runs.
pub async fn hold_idle_day(connection: &mut PgConnection) -> Result<Option<NaiveDate>> {
    business_day::hold(connection).await?;
    Ok(sqlx::query_scalar!("SELECT current_day FROM business_day WHERE roll_phase = 'idle'")
        .fetch_optional(connection)
        .await?)
}

/// Holds the business day alone: no chunk is between its claim and its COMMIT.
pub async fn hold_day_alone(connection: &mut PgConnection) -> Result<()> {
    locks::hold(connection, locks::BUSINESS_DAY).await
}

/// Locks the rows of `accounts` in byte order, creates those that are missing, and reads them.
pub async fn lock_accounts(
    connection: &mut PgConnection,
    accounts: &[String],
    at: DateTime<Utc>,
) -> Result<Vec<StoredAccount>> {
    let rows = sqlx::query_as!(
        AccountRow,
        r#"INSERT INTO contribution_accounts AS a (account_sequence, created_at, updated_at)
           SELECT account, $2, $2 FROM UNNEST($1::text[]) AS t (account) ORDER BY account COLLATE "C"
           ON CONFLICT (account_sequence) DO UPDATE SET updated_at = a.updated_at
           RETURNING account_sequence, personal_contribution, team_level_contribution, team_bonus_contribution,
               total_contribution, effective_contribution, unlock_seq, has_adopted, direct_referral_adopted_count,
               unlocked_level_depth, unlocked_bonus_tiers"#,
        accounts,
        at
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(StoredAccount::from).collect())
}

/// The sums of the lines of `accounts`, effective on `day`; none for an account without a line.
pub async fn sums(
    connection: &mut PgConnection,
    accounts: &[String],
    day: NaiveDate,
) -> Result<Vec<(String, Balances)>> {
    let rows = sqlx::query!(
        r#"SELECT account_sequence,
               coalesce(sum(amount) FILTER (WHERE source_type = 'PERSONAL'), 0) AS "personal!",
               coalesce(sum(amount) FILTER (WHERE source_type = 'TEAM_LEVEL'), 0) AS "team_level!",
               coalesce(sum(amount) FILTER (WHERE source_type = 'TEAM_BONUS'), 0) AS "team_bonus!",
               sum(amount) AS "total!",
               coalesce(sum(amount) FILTER (WHERE effective_date <= $2 AND expire_date > $2), 0) AS "effective!"
           FROM contribution_records WHERE account_sequence = ANY($1::text[]) GROUP BY account_sequence"#,
        accounts,
        day
    )
    .fetch_all(connection)
    .await?;
    let sums = rows.into_iter().map(|row| {
        let balances = Balances {
            personal: row.personal,
            team_level: row.team_level,
            team_bonus: row.team_bonus,
            total: row.total,
            effective: row.effective,
        };
        (row.account_sequence, balances)
    });
    Ok(sums.collect())
}

/// How far the snapshot had come that the comparison was made in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// Its last number.
    pub last_seq: i64,
    /// The first numbers of chunks that it knew as not carried out.
    pub open: Vec<i64>,
}

/// Counts of an account after an entry that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Whose.
    pub account: String,
    /// The entry.
    pub seq: i64,
    /// Its live adoptions.
    pub live: i32,
    /// Its direct referrals with a live adoption.
    pub directs: i32,
    /// The business day on which the entry was carried out.
    pub booked_day: NaiveDate,
    /// When.
    pub distributed_at: DateTime<Utc>,
}

/// The effects on `accounts` of entries carried out since the snapshot, in the order of their numbers.
pub async fn effects_since(
    connection: &mut PgConnection,
    accounts: &[String],
    since: &Since,
) -> Result<Vec<Counted>> {
    Ok(sqlx::query_as!(
        Counted,
        r#"SELECT e.account AS "account!", j.distribution_seq AS "seq!", e.live AS "live!", e.directs AS "directs!",
               c.booked_day AS "booked_day!", c.distributed_at AS "distributed_at!"
           FROM distribution_chunks c
           JOIN distribution_journal j ON j.distribution_seq BETWEEN c.first_seq AND c.last_seq
           CROSS JOIN LATERAL UNNEST(j.effect_accounts, j.effect_live, j.effect_directs) AS e (account, live, directs)
           WHERE (c.first_seq > $2 OR c.first_seq = ANY($3::bigint[]))
               AND c.distributed_at IS NOT NULL AND c.booked_day IS NOT NULL
               AND e.account = ANY($1::text[])
           ORDER BY j.distribution_seq"#,
        accounts,
        since.last_seq,
        &since.open
    )
    .fetch_all(connection)
    .await?)
}

/// Writes balances and counts of accounts whose rows the caller has locked. Versions and events are
/// [`crate::accounts::add`]'s: the caller adds nothing to the same accounts.
pub async fn set_accounts(connection: &mut PgConnection, accounts: &[StoredAccount]) -> Result<()> {
    let names: Vec<&str> = accounts.iter().map(|row| row.account.as_str()).collect();
    let balance = |read: fn(&Balances) -> Decimal| -> Vec<Decimal> {
        accounts.iter().map(|row| read(&row.balances)).collect()
    };
    let count =
        |read: fn(&Counts) -> i32| -> Vec<i32> { accounts.iter().map(|row| read(&row.counts)).collect() };
    let seqs: Vec<i64> = accounts.iter().map(|row| row.counts.seq).collect();
    let adopted: Vec<bool> = accounts.iter().map(|row| row.counts.has_adopted).collect();
    sqlx::query!(
        "UPDATE contribution_accounts a SET personal_contribution = t.personal, team_level_contribution = t.team_level,
             team_bonus_contribution = t.team_bonus, total_contribution = t.total,
             effective_contribution = t.effective, unlock_seq = t.seq, has_adopted = t.adopted,
             direct_referral_adopted_count = t.directs, unlocked_level_depth = t.depth, unlocked_bonus_tiers = t.tiers
         FROM UNNEST($1::text[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[],
             $7::bigint[], $8::bool[], $9::int[], $10::int[], $11::int[])
             AS t (account, personal, team_level, team_bonus, total, effective, seq, adopted, directs, depth, tiers)
         WHERE a.account_sequence = t.account",
        &names as &[&str],
        &balance(|row| row.personal),
        &balance(|row| row.team_level),
        &balance(|row| row.team_bonus),
        &balance(|row| row.total),
        &balance(|row| row.effective),
        &seqs,
        &adopted,
        &count(|row| row.directs),
        &count(|row| row.depth),
        &count(|row| row.tiers)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is missing in the row of a system account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// `OPERATION`, …
    pub account_type: String,
    /// What `contribution_balance` lacks; negative where it has too much.
    pub balance: Decimal,
    /// What `effective_balance` lacks.
    pub effective: Decimal,
}

/// Adds what is missing; the caller holds the day for which it was found.
pub async fn correct_system_accounts(
    connection: &mut PgConnection,
    missing: &[Missing],
    at: DateTime<Utc>,
) -> Result<()> {
    let types: Vec<&str> = missing.iter().map(|missing| missing.account_type.as_str()).collect();
    let balances: Vec<Decimal> = missing.iter().map(|missing| missing.balance).collect();
    let effective: Vec<Decimal> = missing.iter().map(|missing| missing.effective).collect();
    sqlx::query!(
        "UPDATE system_accounts s SET contribution_balance = coalesce(s.contribution_balance, 0) + t.balance,
             effective_balance = s.effective_balance + t.effective, version = s.version + 1, updated_at = $4
         FROM UNNEST($1::text[], $2::numeric[], $3::numeric[]) AS t (account_type, balance, effective)
         WHERE s.account_type = t.account_type",
        &types as &[&str],
        &balances,
        &effective,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks adoptions as their latest entry says, after locking their rows by id; the caller holds the day alone. Says how
/// many were marked otherwise.
pub async fn mark_adoptions(connection: &mut PgConnection, ids: &[Uuid]) -> Result<u64> {
    sqlx::query!(
        "SELECT original_adoption_id FROM synced_adoptions WHERE original_adoption_id = ANY($1)
         ORDER BY original_adoption_id FOR NO KEY UPDATE",
        ids
    )
    .fetch_all(&mut *connection)
    .await?;
    // a statement of its own: it begins under the locks, and sees every entry that was numbered before
    let done = sqlx::query!(
        "WITH truth AS (
             SELECT a.original_adoption_id AS id, latest.seq, latest.kind, latest.kind = 'DISTRIBUTE' AND
                 latest.distributed_at IS NOT NULL AS carried_out, latest.distributed_at AS at
             FROM synced_adoptions a
             LEFT JOIN LATERAL (
                 SELECT j.distribution_seq AS seq, j.kind,
                     (SELECT c.distributed_at FROM distribution_chunks c
                      WHERE c.first_seq <= j.distribution_seq ORDER BY c.first_seq DESC LIMIT 1) AS distributed_at
                 FROM distribution_journal j WHERE j.original_adoption_id = a.original_adoption_id
                 ORDER BY j.distribution_seq DESC LIMIT 1) latest ON TRUE
             WHERE a.original_adoption_id = ANY($1)
         )
         UPDATE synced_adoptions a SET entry_seq = t.seq, contribution_distributed = coalesce(t.carried_out, FALSE),
             contribution_distributed_at = CASE WHEN t.carried_out THEN t.at END,
             distribution_state = CASE WHEN t.carried_out THEN 'distributed' WHEN t.kind = 'DISTRIBUTE' THEN 'sequenced'
                 WHEN t.kind = 'REVERSE' AND a.distribution_state IN ('sequenced', 'distributed') THEN 'reversed'
                 ELSE a.distribution_state END
         FROM truth t
         WHERE a.original_adoption_id = t.id
             AND (a.entry_seq IS DISTINCT FROM t.seq
                 OR coalesce(a.contribution_distributed, FALSE) <> coalesce(t.carried_out, FALSE)
                 OR (a.contribution_distributed_at IS NOT NULL) <> coalesce(t.carried_out, FALSE))",
        ids
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Of `accounts`, those of which an entry was carried out since the snapshot that may be their first.
pub async fn begun_since(
    connection: &mut PgConnection,
    accounts: &[String],
    since: &Since,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "SELECT DISTINCT j.account_sequence
         FROM distribution_chunks c
         JOIN distribution_journal j ON j.distribution_seq BETWEEN c.first_seq AND c.last_seq
         WHERE (c.first_seq > $2 OR c.first_seq = ANY($3::bigint[])) AND c.distributed_at IS NOT NULL
             AND j.kind <> 'REVERSE' AND j.account_sequence = ANY($1::text[])",
        accounts,
        since.last_seq,
        &since.open
    )
    .fetch_all(connection)
    .await?)
}

/// Sets the marks of users, given as upstream's ids with the accounts they had; the caller holds the day alone.
pub async fn mark_users(
    connection: &mut PgConnection,
    users: &[(Uuid, String, bool)],
    at: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<Uuid> = users.iter().map(|(id, _, _)| *id).collect();
    let accounts: Vec<&str> = users.iter().map(|(_, account, _)| account.as_str()).collect();
    let marks: Vec<bool> = users.iter().map(|(_, _, calculated)| *calculated).collect();
    sqlx::query!(
        "UPDATE synced_users u SET contribution_calculated = t.calculated,
             contribution_calculated_at = CASE WHEN t.calculated THEN $4::timestamptz END
         FROM UNNEST($1::uuid[], $2::text[], $3::bool[]) AS t (id, account, calculated)
         WHERE u.original_user_id = t.id AND u.account_sequence = t.account",
        &ids,
        &accounts as &[&str],
        &marks,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}
