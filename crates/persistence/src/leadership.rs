//! Session advisory locks on a connection of their own, never through a transaction pooler.
//!
//! Guarantees that at most one session holds a key. No transaction; one round trip to try, one to check.
//! When the connection ends, however it ends, PostgreSQL gives the key to the next who asks.

use std::collections::BTreeSet;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::Result;
use crate::locks::SPACE;

/// The server gives the locks of a host that died without a word to the next after 20 seconds, not two hours.
const KEEPALIVES: [(&str, &str); 3] =
    [("tcp_keepalives_idle", "5"), ("tcp_keepalives_interval", "5"), ("tcp_keepalives_count", "3")];

/// A connection that holds session locks for as long as it lives.
#[derive(Debug)]
pub struct Leadership {
    connection: PgConnection,
    held: BTreeSet<i32>,
}

impl Leadership {
    /// Opens the connection; holds nothing yet.
    pub async fn open(url: &str) -> Result<Self> {
        let options = url.parse::<PgConnectOptions>()?.application_name("leadership").options(KEEPALIVES);
        Ok(Self { connection: PgConnection::connect_with(&options).await?, held: BTreeSet::new() })
    }

    /// Takes `key` if nobody has it. Asking again for one that is held says true at the price of a round trip,
    /// which shows that the connection still lives.
    pub async fn try_hold(&mut self, key: i32) -> Result<bool> {
        if self.held.contains(&key) {
            sqlx::query!("SELECT 1 AS alive").fetch_one(&mut self.connection).await?;
            return Ok(true);
        }
        let got = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1, $2) AS "got!""#, SPACE, key)
            .fetch_one(&mut self.connection)
            .await?;
        if got {
            self.held.insert(key);
        }
        Ok(got)
    }

    /// Gives `key` back.
    pub async fn release(&mut self, key: i32) -> Result<()> {
        if self.held.remove(&key) {
            sqlx::query!("SELECT pg_advisory_unlock($1, $2)", SPACE, key)
                .fetch_one(&mut self.connection)
                .await?;
        }
        Ok(())
    }

    /// The keys held.
    pub fn held(&self) -> &BTreeSet<i32> {
        &self.held
    }

    /// Ends the session and with it every lock.
    pub async fn close(self) -> Result<()> {
        Ok(self.connection.close().await?)
    }
}
