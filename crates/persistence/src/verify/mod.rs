//! What `contribctl verify` reads: the identities of RULES section 8, a file each group, in ranges of bounded size.
//!
//! Everything of one check is read in one transaction that [`begin`] opens: REPEATABLE READ, read only, so the service
//! may go on working meanwhile. No locks. An entry counts as carried out when its chunk has `distributed_at`.

pub mod accounts;
pub mod derived;
pub mod encoded;
pub mod entries;
pub mod events;
pub mod facts;
pub mod lines;
pub mod numbering;
pub mod snapshots;
pub mod system;

use chrono::NaiveDate;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};

use crate::{Error, Result};

/// How things stood when the check began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The greatest number that the journal, the chunks or the sequencer's state knows.
    pub last_seq: i64,
    /// How many accounts have a row.
    pub accounts: i64,
    /// How many adoptions were read.
    pub adoptions: i64,
    /// The business day and how far the roll to it has come.
    pub day: Day,
}

/// The business day (RULES section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub current: NaiveDate,
    /// The day before.
    pub before: NaiveDate,
    /// Whether there may be accounts that the roll has not brought over.
    pub rolling: bool,
    /// The last account brought over while it rolls; none before the first.
    pub cursor: Option<String>,
}

/// Opens the transaction in which a check reads.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    Ok(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
}

/// A name under which other transactions can see what this one sees, for as long as it lasts.
pub async fn export(connection: &mut PgConnection) -> Result<String> {
    Ok(sqlx::query_scalar!(r#"SELECT pg_export_snapshot() AS "name!""#).fetch_one(connection).await?)
}

/// Opens a transaction that sees what the one sees which exported `snapshot`.
pub async fn begin_at(pool: &PgPool, snapshot: &str) -> Result<Transaction<'static, Postgres>> {
    let mut transaction = begin(pool).await?;
    // the statement takes no parameter; names are hexadecimal digits and dashes
    if !snapshot.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        return Err(Error::corrupt(format!("a snapshot named {snapshot:?}")));
    }
    let adopt = format!("SET TRANSACTION SNAPSHOT '{snapshot}'");
    sqlx::query(&adopt).execute(&mut *transaction).await?;
    Ok(transaction)
}

/// How things stand.
pub async fn moment(connection: &mut PgConnection) -> Result<Moment> {
    let row = sqlx::query!(
        r#"SELECT greatest((SELECT max(distribution_seq) FROM distribution_journal),
                   (SELECT last_seq FROM distribution_chunks ORDER BY first_seq DESC LIMIT 1), s.last_seq) AS "last_seq!",
               (SELECT count(*) FROM contribution_accounts) AS "accounts!",
               (SELECT count(*) FROM synced_adoptions) AS "adoptions!",
               d.current_day, d.roll_phase, d.roll_cursor
           FROM sequencer_state s CROSS JOIN business_day d"#
    )
    .fetch_one(connection)
    .await?;
    let first_of_all = || Error::corrupt("the business day is the first of the calendar");
    let day = Day {
        current: row.current_day,
        before: row.current_day.pred_opt().ok_or_else(first_of_all)?,
        rolling: matches!(row.roll_phase.as_str(), "summing" | "accounts"),
        cursor: row.roll_cursor.filter(|_| row.roll_phase == "accounts"),
    };
    Ok(Moment { last_seq: row.last_seq, accounts: row.accounts, adoptions: row.adoptions, day })
}

/// Pinned plans would hurt here: these statements read wide ranges once. Some of the journal's ranges are narrow, so
/// the server may choose for each.
pub async fn plan_each_statement(connection: &mut PgConnection) -> Result<()> {
    sqlx::query!("SELECT set_config('plan_cache_mode', 'force_custom_plan', TRUE) AS set")
        .fetch_one(connection)
        .await?;
    Ok(())
}
