//! What people and other services read: one module a noun, each a struct that is serialised as the API shows it.
//!
//! Nothing here writes or locks. A function is one round trip unless it says otherwise; several that must agree are
//! called in one [`snapshot`]. Readers have a pool of their own ([`connect`]), which may point at a replica.

use std::time::Duration;

use domain::Amount;
use rust_decimal::Decimal;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Executor, PgPool, Postgres, Transaction};

use crate::{Result, pool};

pub mod account;
pub mod as_of;
pub mod backlog;
pub mod calendar;
pub mod conservation;
pub mod dead_letters;
pub mod details;
pub mod explanation;
pub mod formula;
pub mod jobs;
pub mod missed;
pub mod network;
pub mod snapshots;
pub mod sync_status;
pub mod team;
pub mod unallocated;

/// How long a reader waits for a connection: it would rather answer that the database is away.
const PATIENCE: Duration = Duration::from_secs(2);
/// A connection that was in use a moment ago is not asked whether it lives.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// A connection of a reader writes nothing, and no statement of its own occupies the server for long.
const READER: &str = "SET default_transaction_read_only = on; SET statement_timeout = '15s'";

/// A pool for readers; connects when it is first used.
pub fn connect(url: &str, max_connections: u32, application: &str) -> Result<PgPool> {
    Ok(PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .before_acquire(|connection, usage| {
            Box::pin(async move {
                if usage.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute(READER).await?;
                Ok(())
            })
        })
        .connect_lazy_with(pool::parse(url, application)?))
}

/// A transaction in which every statement sees the same state; dropping it ends it.
pub type Snapshot = Transaction<'static, Postgres>;

/// A connection for a view that is one statement.
pub async fn connection(pool: &PgPool) -> Result<PoolConnection<Postgres>> {
    Ok(pool.acquire().await?)
}

/// Begins a [`Snapshot`]. One round trip.
pub async fn snapshot(pool: &PgPool) -> Result<Snapshot> {
    Ok(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
}

/// Whether the database answers.
pub async fn ping(pool: &PgPool) -> Result<()> {
    pool.execute("SELECT 1").await?;
    Ok(())
}

/// A page of a listing in the order of its keys.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// Whether there are more behind the last one.
    pub more: bool,
}

impl<T> Page<T> {
    /// From one row more than `limit`, which tells whether there is a next page.
    pub(crate) fn from_rows(mut items: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}

/// A stored sum; none where there was nothing to add.
fn sum(value: Option<Decimal>) -> Result<Amount> {
    Ok(value.map_or(Ok(Amount::ZERO), Amount::from_decimal)?)
}
