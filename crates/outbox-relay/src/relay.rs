//! The relay's step.
//!
//! Guarantees at-least-once delivery in order for each key: read, publish, wait for every acknowledgement, delete.
//! Each statement is its own transaction: none is open while Kafka is waited for. Session locks on the owned shards
//! (see [`crate::shards`]), row locks of the delete only. Round trips: one when idle; with events four (read, session,
//! Kafka, delete); once a second five more.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use persistence::outbox::{self, Event, Horizon};
use persistence::{PgPool, migrations};
use runtime::{ExposeSecret, Progress, Settings, Worker};
use tokio::time::Instant;

use crate::error::RelayError;
use crate::publisher::Publisher;
use crate::shards::Shards;

/// How often the shards are shared out anew and the horizon is looked for.
const HOUSEKEEPING: Duration = Duration::from_secs(1);
/// How often a scan starts from the beginning, whatever the floor says.
const FULL_SCAN: Duration = Duration::from_mins(1);

/// Publishes the shards it owns.
pub struct Relay {
    pool: PgPool,
    time_zone: String,
    schema_checked: bool,
    batch: u32,
    shards: Shards,
    horizon: Horizon,
    publisher: Publisher,
    full_scan: Instant,
}

impl Relay {
    /// Connects with its first step, through `pool` and a session of its own.
    pub fn new(pool: PgPool, settings: &Settings) -> Self {
        Self::keeping_house_every(HOUSEKEEPING, pool, settings)
    }

    /// As [`new`](Self::new), with another interval for what is done once a second.
    pub fn keeping_house_every(interval: Duration, pool: PgPool, settings: &Settings) -> Self {
        let url = settings.database.url.expose_secret().to_owned();
        Self {
            pool,
            time_zone: settings.business.time_zone.to_string(),
            schema_checked: false,
            batch: settings.relay.batch,
            shards: Shards::new(url, settings.relay.shards, interval),
            horizon: Horizon::default(),
            publisher: Publisher::new(&settings.kafka),
            full_scan: Instant::now(),
        }
    }

    /// The shards owned now.
    pub fn owned(&self) -> Vec<i16> {
        self.shards.owned()
    }

    /// Gives the shards back at once, so that others need not wait for the session's end.
    pub async fn close(self) {
        self.shards.close().await;
    }

    async fn step(&mut self) -> Result<Progress, RelayError> {
        if !self.schema_checked {
            migrations::check(&self.pool, &self.time_zone).await?;
            self.schema_checked = true;
        }
        if self.shards.due() {
            self.keep_house().await?;
        }
        let places = self.shards.places();
        let settled = self.horizon.settled();
        let events = outbox::unpublished(&self.pool, &places, self.batch).await?;
        report_age(&events);
        self.publisher.prepare().await?;
        if !events.is_empty() {
            self.shards.confirm().await?;
            self.publish(&events).await?;
        }
        self.raise_floors(&events, &places, settled);
        Ok(if events.is_empty() { Progress::Idle } else { Progress::Worked })
    }

    /// Publishes and deletes. What was acknowledged is deleted even if something else failed.
    async fn publish(&mut self, events: &[Event]) -> Result<(), RelayError> {
        let published = self.publisher.publish(events).await?;
        if !published.acknowledged.is_empty() {
            let deleted = outbox::delete(&self.pool, &published.acknowledged).await?;
            let acknowledged = published.acknowledged.len();
            if usize::try_from(deleted) != Ok(acknowledged) {
                tracing::warn!(acknowledged, deleted, "somebody else deleted events of this relay's shards");
            }
            metrics::counter!("contrib_relay_published_total").increment(deleted);
        }
        metrics::histogram!("contrib_relay_batch_size").record(count(events.len()));
        published.failure.map_or(Ok(()), Err)
    }

    async fn keep_house(&mut self) -> Result<(), RelayError> {
        self.shards.share_out(&self.pool).await?;
        self.horizon.advance(&self.pool).await?;
        if self.full_scan.elapsed() >= FULL_SCAN {
            self.full_scan = Instant::now();
            self.shards.forget_floors();
        }
        metrics::gauge!("contrib_relay_owned_shards").set(count(self.owned().len()));
        Ok(())
    }

    /// After all that a scan saw is deleted: a shard whose scan was full goes on behind its last event, another behind
    /// all that was settled when the scan began.
    fn raise_floors(&mut self, events: &[Event], places: &[(i16, i64)], settled: i64) {
        let mut seen: BTreeMap<i16, (u32, i64)> = BTreeMap::new();
        for event in events {
            let (number, last) = seen.entry(event.shard).or_default();
            (*number, *last) = (*number + 1, event.id);
        }
        for &(shard, _) in places {
            let (number, last) = seen.get(&shard).copied().unwrap_or_default();
            let through = if number < self.batch { settled } else { settled.min(last) };
            self.shards.raise_floor(shard, through + 1);
        }
    }
}

impl Worker for Relay {
    type Error = RelayError;
    const NAME: &'static str = "outbox-relay";

    async fn run_once(&mut self) -> Result<Progress, RelayError> {
        let step = self.step().await;
        if step.is_err() {
            self.shards.forget_floors();
        }
        step
    }
}

/// How long the oldest event of a scan has waited.
fn report_age(events: &[Event]) {
    let oldest = events.iter().map(|event| event.created_at).min();
    let age = oldest.and_then(|oldest| (Utc::now() - oldest).to_std().ok()).unwrap_or_default();
    metrics::gauge!("contrib_relay_oldest_unpublished_seconds").set(age);
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
