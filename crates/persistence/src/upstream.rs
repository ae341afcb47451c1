//! The upstream database, as `contribctl` sees it: load for a stack, the heartbeat, and what holds up a slot.
//!
//! Another database than ours, so its statements are checked when they run, not when they are compiled. The service's
//! workers never come here: they read upstream through Kafka alone. Part of the caller's transaction; each write locks
//! the rows it names, the COPYs none; one round trip a function.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::Result;
use crate::copy::CopyBuffer;

/// A row of `rwa_identity.users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Primary key.
    pub id: Uuid,
    /// The name.
    pub account: String,
    /// A telephone number: never shown.
    pub phone: String,
    /// What the person is called.
    pub nickname: String,
    /// `ACTIVE`, …
    pub status: &'static str,
    /// When the row came about.
    pub created_at: DateTime<Utc>,
}

/// A row of `rwa_referral.referral_relations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Primary key.
    pub id: Uuid,
    /// Who was referred.
    pub account: String,
    /// By whom; none for a root.
    pub referrer: Option<String>,
    /// `/top/…/direct referrer/`, `/` for a root.
    pub path: String,
    /// Accounts above.
    pub depth: i32,
    /// When the row came about.
    pub created_at: DateTime<Utc>,
}

/// A row of `rwa_planting.adoptions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// Primary key.
    pub id: Uuid,
    /// The adopter.
    pub account: String,
    /// Trees.
    pub trees: i32,
    /// The day of adoption.
    pub date: NaiveDate,
    /// `ACTIVE`, `CANCELLED`, …
    pub status: Option<String>,
    /// Price of one tree, with at most 10 places; none: priced by the formula.
    pub price: Option<Decimal>,
    /// When the row came about.
    pub created_at: DateTime<Utc>,
}

/// How many users there are.
pub async fn count_users(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM rwa_identity.users").fetch_one(connection).await?)
}

/// Adds users by COPY.
pub async fn copy_users(connection: &mut PgConnection, users: &[User]) -> Result<()> {
    let mut buffer = CopyBuffer::with_capacity(users.len() * 160);
    for user in users {
        buffer.row(7);
        buffer.uuid(user.id);
        buffer.text(&user.account);
        buffer.text(&user.phone);
        buffer.text(&user.nickname);
        buffer.text(user.status);
        buffer.timestamptz(user.created_at);
        buffer.timestamptz(user.created_at);
    }
    let statement = "COPY rwa_identity.users (id, account_sequence, phone, nickname, status, created_at, updated_at) \
         FROM STDIN BINARY";
    buffer.send(connection, statement).await?;
    Ok(())
}

/// Adds referrals by COPY.
pub async fn copy_referrals(connection: &mut PgConnection, referrals: &[Referral]) -> Result<()> {
    let mut buffer = CopyBuffer::with_capacity(referrals.len() * 320);
    for referral in referrals {
        buffer.row(6);
        buffer.uuid(referral.id);
        buffer.text(&referral.account);
        buffer.option(referral.referrer.as_deref(), CopyBuffer::text);
        buffer.text(&referral.path);
        buffer.int4(referral.depth);
        buffer.timestamptz(referral.created_at);
    }
    let statement = "COPY rwa_referral.referral_relations (id, account_sequence, referrer_account_sequence, \
         ancestor_path, depth, created_at) FROM STDIN BINARY";
    buffer.send(connection, statement).await?;
    Ok(())
}

/// Adds adoptions by COPY.
pub async fn copy_adoptions(connection: &mut PgConnection, adoptions: &[Adoption]) -> Result<()> {
    let mut buffer = CopyBuffer::with_capacity(adoptions.len() * 140);
    for adoption in adoptions {
        buffer.row(7);
        buffer.uuid(adoption.id);
        buffer.text(&adoption.account);
        buffer.int4(adoption.trees);
        buffer.date(adoption.date);
        buffer.option(adoption.status.as_deref(), CopyBuffer::text);
        buffer.option(adoption.price, |buffer, price| {
            let scale = u16::try_from(price.scale()).unwrap_or(u16::MAX);
            buffer.numeric(price.mantissa(), scale);
        });
        buffer.timestamptz(adoption.created_at);
    }
    let statement = "COPY rwa_planting.adoptions (id, account_sequence, tree_count, adoption_date, status, \
         contribution_per_tree, created_at) FROM STDIN BINARY";
    buffer.send(connection, statement).await?;
    Ok(())
}

/// Every account of the referral table with its referrer, by name.
pub async fn tree(connection: &mut PgConnection) -> Result<Vec<(String, Option<String>)>> {
    let rows = sqlx::query_as(
        r#"SELECT account_sequence, referrer_account_sequence FROM rwa_referral.referral_relations
           ORDER BY account_sequence COLLATE "C""#,
    );
    Ok(rows.fetch_all(connection).await?)
}

/// What the generator of live load needs of an adoption that is there.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct KnownAdoption {
    /// Primary key.
    pub id: Uuid,
    /// `ACTIVE`, `CANCELLED`, …
    pub status: Option<String>,
    /// Whether it has no price of its own.
    pub unpriced: bool,
}

/// The adoptions with at least one tree, by id.
pub async fn adoptions(connection: &mut PgConnection) -> Result<Vec<KnownAdoption>> {
    let rows = sqlx::query_as(
        "SELECT id, status, contribution_per_tree IS NULL AS unpriced FROM rwa_planting.adoptions
         WHERE tree_count > 0 ORDER BY id",
    );
    Ok(rows.fetch_all(connection).await?)
}

/// Adds an adoption created at this moment, by the clock of the database.
pub async fn insert_adoption(connection: &mut PgConnection, adoption: &Adoption) -> Result<()> {
    sqlx::query("INSERT INTO rwa_planting.adoptions VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())")
        .bind(adoption.id)
        .bind(&adoption.account)
        .bind(adoption.trees)
        .bind(adoption.date)
        .bind(&adoption.status)
        .bind(adoption.price)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets the status of an adoption.
pub async fn set_status(connection: &mut PgConnection, id: Uuid, status: &str) -> Result<()> {
    sqlx::query("UPDATE rwa_planting.adoptions SET status = $2 WHERE id = $1")
        .bind(id)
        .bind(status)
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets trees and day of an adoption, and its price where one is given.
pub async fn amend(
    connection: &mut PgConnection,
    id: Uuid,
    trees: i32,
    date: NaiveDate,
    price: Option<Decimal>,
) -> Result<()> {
    sqlx::query(
        "UPDATE rwa_planting.adoptions SET tree_count = $2, adoption_date = $3,
             contribution_per_tree = coalesce($4, contribution_per_tree)
         WHERE id = $1",
    )
    .bind(id)
    .bind(trees)
    .bind(date)
    .bind(price)
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets the price of an adoption.
pub async fn set_price(connection: &mut PgConnection, id: Uuid, price: Decimal) -> Result<()> {
    sqlx::query("UPDATE rwa_planting.adoptions SET contribution_per_tree = $2 WHERE id = $1")
        .bind(id)
        .bind(price)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes an adoption.
pub async fn delete_adoption(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query("DELETE FROM rwa_planting.adoptions WHERE id = $1").bind(id).execute(connection).await?;
    Ok(())
}

/// Gives an account another referrer, or none, and brings path and depth of all below it along. The new referrer must
/// not stand below the account.
pub async fn move_referral(
    connection: &mut PgConnection,
    account: &str,
    referrer: Option<&str>,
) -> Result<()> {
    sqlx::query(
        "WITH mover AS (
             SELECT ancestor_path AS old_path, depth AS old_depth FROM rwa_referral.referral_relations
             WHERE account_sequence = $1
         ), target AS (
             SELECT coalesce((SELECT ancestor_path || account_sequence || '/' FROM rwa_referral.referral_relations
                              WHERE account_sequence = $2), '/') AS new_path,
                    coalesce((SELECT depth + 1 FROM rwa_referral.referral_relations
                              WHERE account_sequence = $2), 0) AS new_depth
         )
         UPDATE rwa_referral.referral_relations r SET
             referrer_account_sequence = CASE WHEN r.account_sequence = $1 THEN $2
                 ELSE r.referrer_account_sequence END,
             ancestor_path = t.new_path || substr(r.ancestor_path, length(m.old_path) + 1),
             depth = r.depth + t.new_depth - m.old_depth
         FROM mover m, target t
         WHERE r.account_sequence = $1 OR starts_with(r.ancestor_path, m.old_path || $1 || '/')",
    )
    .bind(account)
    .bind(referrer)
    .execute(connection)
    .await?;
    Ok(())
}

/// The path and depth of an account just below `referrer`, or of a root.
pub async fn place_below(connection: &mut PgConnection, referrer: Option<&str>) -> Result<(String, i32)> {
    let place: Option<(String, i32)> = sqlx::query_as(
        "SELECT ancestor_path || account_sequence || '/', depth + 1 FROM rwa_referral.referral_relations
         WHERE account_sequence = $1",
    )
    .bind(referrer)
    .fetch_optional(connection)
    .await?;
    Ok(place.unwrap_or_else(|| ("/".to_owned(), 0)))
}

/// Beats once, beside the connector's own beats, and says when.
pub async fn beat(connection: &mut PgConnection) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar(
        "INSERT INTO rwa_cdc.heartbeat (id, beat_at) VALUES (1, clock_timestamp())
         ON CONFLICT (id) DO UPDATE SET beat_at = EXCLUDED.beat_at RETURNING beat_at",
    )
    .fetch_one(connection)
    .await?)
}

/// Whether the replication slot is there, and ready to be read from.
pub async fn slot_is_ready(connection: &mut PgConnection, slot: &str) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_replication_slots
                        WHERE slot_name = $1 AND confirmed_flush_lsn IS NOT NULL)",
    )
    .bind(slot)
    .fetch_one(connection)
    .await?)
}

/// A session whose open transaction keeps a replication slot from being created.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct SlotBlocker {
    /// Its process; 0 for a prepared transaction.
    pub pid: i32,
    /// What it calls itself.
    pub application: Option<String>,
    /// `idle in transaction`, `active`, …
    pub state: Option<String>,
    /// Seconds since its transaction began.
    pub age_seconds: Option<i64>,
    /// When its last statement began.
    pub query_start: Option<DateTime<Utc>>,
}

/// Creating a slot waits, without a word, for every open transaction that has written anything, in any database of the
/// server: who they are.
pub async fn slot_blockers(connection: &mut PgConnection) -> Result<Vec<SlotBlocker>> {
    Ok(sqlx::query_as(
        "SELECT DISTINCT ON (blocker.pid) blocker.pid, b.application_name AS application, b.state,
                floor(extract(epoch FROM clock_timestamp() - b.xact_start))::bigint AS age_seconds, b.query_start
         FROM pg_stat_activity w
         CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocker (pid)
         LEFT JOIN pg_stat_activity b ON b.pid = blocker.pid
         WHERE w.backend_type = 'walsender' AND w.wait_event_type = 'Lock' AND w.wait_event = 'transactionid'
         ORDER BY blocker.pid",
    )
    .fetch_all(connection)
    .await?)
}
