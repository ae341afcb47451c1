//! What an operator watches: how far behind each partition is, and which dead letters are open.
//!
//! A task of its own, so that it goes on while a batch cannot be written. Every few seconds one question to Kafka and two
//! statements without a transaction; neither waits for a lock. Gauges of what is not read here any more, or not open any
//! more, go to zero.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use persistence::PgPool;
use persistence::cdc_offsets::{self, Lag};
use persistence::views::sync_status::{self, DeadLetters};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::ends::Ends;
use crate::errors::IngestError;

/// How often to look.
const EVERY: Duration = Duration::from_secs(2);

/// The task; ends when it is dropped.
pub(crate) struct Watch(JoinHandle<()>);

impl Watch {
    /// Looks from now on.
    pub(crate) fn start(pool: PgPool, ends: Ends) -> Self {
        let mut watcher = Watcher { pool, ends, partitions: BTreeSet::new(), codes: BTreeSet::new() };
        Self(tokio::spawn(async move {
            let mut turns = interval(EVERY);
            turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                turns.tick().await;
                // the ingestor says itself what it waits for
                if let Err(error) = watcher.look().await {
                    tracing::debug!(%error, "the lag could not be measured");
                }
            }
        }))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Watcher {
    pool: PgPool,
    ends: Ends,
    /// Of which gauges were set.
    partitions: BTreeSet<(String, i32)>,
    codes: BTreeSet<String>,
}

impl Watcher {
    async fn look(&mut self) -> Result<(), IngestError> {
        let now = Utc::now();
        let ends = self.ends.of_assigned().answer().await?;
        let mut connection = self.pool.acquire().await?;
        let lags = cdc_offsets::note_ends(&mut connection, &ends, now).await?;
        let open = sync_status::dead_letters(&mut connection).await?;
        drop(connection);
        let here = ends.into_iter().map(|(topic, partition, _)| (topic, partition)).collect();
        self.show_lags(here, lags);
        self.show_dead_letters(&open, now);
        Ok(())
    }

    fn show_lags(&mut self, here: BTreeSet<(String, i32)>, lags: Vec<Lag>) {
        for (topic, partition) in self.partitions.difference(&here) {
            set_lag(topic, *partition, 0, Some(0));
        }
        for lag in lags {
            set_lag(&lag.topic, lag.partition, lag.messages, lag.seconds);
        }
        self.partitions = here;
    }

    fn show_dead_letters(&mut self, open: &[DeadLetters], now: DateTime<Utc>) {
        let gauge = |code: &str, count| {
            metrics::gauge!("contrib_ingest_dead_letters_open", "code" => code.to_owned())
                .set(bounded(count));
        };
        let codes: BTreeSet<String> = open.iter().map(|letters| letters.code.clone()).collect();
        for code in self.codes.difference(&codes) {
            gauge(code, 0);
        }
        for letters in open {
            gauge(&letters.code, letters.count);
        }
        self.codes = codes;
        let oldest = open.iter().map(|letters| letters.oldest).min();
        let seconds = oldest.map_or(0, |oldest| (now - oldest).num_seconds());
        metrics::gauge!("contrib_ingest_dead_letters_oldest_seconds").set(bounded(seconds));
    }
}

fn set_lag(topic: &str, partition: i32, messages: i64, seconds: Option<i64>) {
    let labels = [("topic", topic.to_owned()), ("partition", partition.to_string())];
    metrics::gauge!("contrib_ingest_lag_messages", &labels).set(bounded(messages));
    if let Some(seconds) = seconds {
        metrics::gauge!("contrib_ingest_lag_seconds", &labels).set(bounded(seconds));
    }
}

/// For a gauge: exact where anybody still tells the difference.
fn bounded(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}
