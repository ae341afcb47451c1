//! The outbox as its relay sees it: read what is unpublished, delete what was published.
//!
//! Guarantees that every committed event is seen again until it is deleted, in id order within a shard.
//! Each function is one statement and its own transaction, except [`Horizon::advance`] (two statements).
//! Locks: the deleted rows only. One round trip each; the shards are read together.
//!
//! # Nothing is lost, whatever the order of commits
//!
//! Ids are drawn before a transaction commits, so a low id can become visible after a higher one was published. No
//! cursor decides what to read, therefore: a row is unpublished as long as it is there. Within a key the order is
//! right all the same, because a writer draws the id while it holds the lock of the account's row.
//!
//! # The floor
//!
//! While a foreign transaction keeps an old snapshot open, deleted rows stay in the index, and a scan from the
//! beginning steps over every one of them. A scan starts at a floor therefore, below which nothing can appear any
//! more. [`Horizon`] finds it, the way CREATE INDEX CONCURRENTLY waits for writers:
//!
//! 1. it reads the last id that was drawn, L, and *after that* which transactions hold the lock on the table that
//!    every INSERT takes before it draws an id; whoever drew an id up to L and is still open is among them;
//! 2. once none of these is open any more, every row up to L is visible or will never be: L is settled.
//!
//! A scan that began later and was published and deleted raises its shard's floor to L at most. A foreign transaction
//! that does not write the outbox holds none of this up, however long it runs. An owner of shards forgets its floors
//! whenever it lost its session (a fail-over can set the sequence back) and once in a while without a cause: the
//! floor saves work, it never decides. The identity must not cache ids (CACHE 1, the default).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::locks::{RELAY_SEAT, SEATS, SPACE};
use crate::{Error, Result};

/// The `traceparent` of events that no source's change brought about: a trace of their own.
pub fn new_trace() -> String {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    format!("00-{}-{:016x}-01", Uuid::new_v4().simple(), (high ^ low).max(1))
}

/// What an event is about, which says the topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// `ACCOUNT`: the key is the account's sequence.
    Account,
    /// `SNAPSHOT`: the key is the snapshot's date.
    Snapshot,
}

impl Aggregate {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "ACCOUNT",
            Self::Snapshot => "SNAPSHOT",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        match text {
            "ACCOUNT" => Ok(Self::Account),
            "SNAPSHOT" => Ok(Self::Snapshot),
            other => Err(Error::corrupt(format_args!("outbox_events.aggregate_type {other:?}"))),
        }
    }
}

/// An event that waits to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The shard it belongs to.
    pub shard: i16,
    /// Its place within the shard.
    pub id: i64,
    /// What it is about.
    pub aggregate: Aggregate,
    /// The Kafka key.
    pub key: String,
    /// `ContributionCalculated` and so on.
    pub event_type: String,
    /// The same on every redelivery.
    pub event_id: Uuid,
    /// The JSON that is sent, as it is.
    pub payload: String,
    /// W3C trace context of what caused it.
    pub traceparent: Option<String>,
    /// When it came about.
    pub created_at: DateTime<Utc>,
}

/// The first `limit` unpublished events of each shard, by shard and id; `places` are shards and their floors.
pub async fn unpublished(pool: &PgPool, places: &[(i16, i64)], limit: u32) -> Result<Vec<Event>> {
    let (shards, floors): (Vec<i16>, Vec<i64>) = places.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT e.shard, e.id, e.aggregate_type, e.aggregate_id, e.event_type, e.event_id, e.payload, e.traceparent,
                  e.created_at
           FROM UNNEST($1::SMALLINT[], $2::BIGINT[]) AS place (shard, floor)
           CROSS JOIN LATERAL (
               SELECT * FROM outbox_events o
               WHERE o.shard = place.shard AND o.id >= place.floor
               ORDER BY o.id LIMIT $3
           ) e
           ORDER BY e.shard, e.id"#,
        &shards,
        &floors,
        i64::from(limit),
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Event {
                shard: row.shard,
                id: row.id,
                aggregate: Aggregate::parse(&row.aggregate_type)?,
                key: row.aggregate_id,
                event_type: row.event_type,
                event_id: row.event_id,
                payload: row.payload,
                traceparent: row.traceparent,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// Deletes events, given as shards and ids; says how many of them were still there.
pub async fn delete(pool: &PgPool, published: &[(i16, i64)]) -> Result<u64> {
    let (shards, ids): (Vec<i16>, Vec<i64>) = published.iter().copied().unzip();
    let done = sqlx::query!(
        "DELETE FROM outbox_events o
         USING UNNEST($1::SMALLINT[], $2::BIGINT[]) AS gone (shard, id)
         WHERE o.shard = gone.shard AND o.id = gone.id",
        &shards,
        &ids,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// The highest shard that has an event, published or not (it may lie beyond the configured number).
pub async fn highest_shard(pool: &PgPool) -> Result<Option<i16>> {
    Ok(sqlx::query_scalar!("SELECT max(shard) FROM outbox_events").fetch_one(pool).await?)
}

/// How many relays hold a seat.
pub async fn relays_seated(pool: &PgPool) -> Result<i64> {
    let seated = sqlx::query_scalar!(
        r#"SELECT count(*) AS "seated!" FROM pg_locks
           WHERE locktype = 'advisory' AND granted AND objsubid = 2
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND classid::BIGINT = $1 AND objid::BIGINT >= $2 AND objid::BIGINT < $3"#,
        i64::from(SPACE),
        i64::from(RELAY_SEAT),
        i64::from(RELAY_SEAT + SEATS),
    )
    .fetch_one(pool)
    .await?;
    Ok(seated)
}

/// The id up to which no event can appear any more that is not visible now.
#[derive(Debug, Default)]
pub struct Horizon {
    settled: i64,
    fence: Option<Fence>,
}

/// The last id drawn at some moment, and who may have drawn ids up to it and not ended yet.
#[derive(Debug)]
struct Fence {
    last_id: i64,
    writers: BTreeSet<String>,
}

impl Horizon {
    /// Every event with an id up to this one that is not deleted is seen by a scan that begins now.
    pub fn settled(&self) -> i64 {
        self.settled
    }

    /// Looks at who writes the outbox; two round trips.
    pub async fn advance(&mut self, pool: &PgPool) -> Result<()> {
        let last_id = last_id(pool).await?;
        let writers = writers(pool).await?;
        self.see(Fence { last_id, writers });
        Ok(())
    }

    fn see(&mut self, now: Fence) {
        let open = self.fence.as_ref().is_some_and(|fence| !fence.writers.is_disjoint(&now.writers));
        if open {
            return;
        }
        if let Some(fence) = self.fence.take() {
            self.settled = fence.last_id;
        }
        // with nobody writing there is nothing to wait for
        if now.writers.is_empty() {
            self.settled = now.last_id;
        } else {
            self.fence = Some(now);
        }
    }
}

async fn last_id(pool: &PgPool) -> Result<i64> {
    let last = sqlx::query_scalar!(
        r#"SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS "last!" FROM outbox_events_id_seq"#
    );
    Ok(last.fetch_one(pool).await?)
}

/// The transactions that hold the lock which every INSERT takes on the table, and keeps until it ends.
async fn writers(pool: &PgPool) -> Result<BTreeSet<String>> {
    let writers = sqlx::query_scalar!(
        r#"SELECT virtualtransaction AS "transaction!" FROM pg_locks
           WHERE locktype = 'relation' AND relation = 'outbox_events'::REGCLASS AND mode = 'RowExclusiveLock'
             AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"#
    );
    Ok(writers.fetch_all(pool).await?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::{Fence, Horizon};

    fn fence(last_id: i64, writers: &[&str]) -> Fence {
        Fence { last_id, writers: writers.iter().map(|&writer| writer.to_owned()).collect() }
    }

    #[test]
    fn an_id_is_settled_when_all_who_wrote_then_have_ended() {
        let mut horizon = Horizon::default();
        horizon.see(fence(10, &["3/1", "4/7"]));
        assert_eq!(horizon.settled(), 0);
        horizon.see(fence(20, &["4/7", "5/2"]));
        assert_eq!(horizon.settled(), 0, "4/7 may have drawn an id up to 10");
        horizon.see(fence(30, &["4/8", "5/2"]));
        assert_eq!(horizon.settled(), 10, "those who came later drew higher ids");
        horizon.see(fence(40, &["6/1"]));
        assert_eq!(horizon.settled(), 30);
    }

    #[test]
    fn with_nobody_writing_all_is_settled_at_once() {
        let mut horizon = Horizon::default();
        horizon.see(fence(7, &[]));
        assert_eq!(horizon.settled(), 7);
    }
}
