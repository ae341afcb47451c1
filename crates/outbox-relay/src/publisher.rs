//! The producer, and what was acknowledged.
//!
//! Guarantees that records of one key reach their partition in the order in which they are given, and that when
//! [`Publisher::publish`] ends nothing of what it was given is still on its way. No transaction, no locks; one round
//! trip for a batch, unless the producer's queue is full.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use persistence::outbox::{Aggregate, Event};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryFuture, FutureProducer, Producer, PurgeConfig};
use runtime::settings::Kafka;

use crate::error::RelayError;
use crate::{message, topics};

/// How long a record may wait for its acknowledgement before it counts as failed. Shorter than the time in which a
/// lost session's locks are given away, and than the time a stop may take.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// Publishes events, each to the topic of its aggregate.
pub struct Publisher {
    settings: Kafka,
    client: ClientConfig,
    topics_known: bool,
    /// None before the first batch, and after a failure that a producer does not survive.
    producer: Option<FutureProducer>,
}

/// What became of a batch.
#[derive(Debug)]
pub struct Published {
    /// Shard and id of each event that was acknowledged, as were all before it in its shard.
    pub acknowledged: Vec<(i16, i64)>,
    /// The first failure.
    pub failure: Option<RelayError>,
}

impl Publisher {
    /// Connects with the first batch.
    pub fn new(settings: &Kafka) -> Self {
        let mut client = ClientConfig::new();
        for (key, value) in settings.client_properties() {
            client.set(key, value);
        }
        client.set("client.id", "outbox-relay").set("reconnect.backoff.max.ms", "1000");
        Self { settings: settings.clone(), client, topics_known: false, producer: None }
    }

    /// Sees that the topics exist, if that is not known.
    pub async fn prepare(&mut self) -> Result<(), RelayError> {
        if !self.topics_known {
            topics::ensure(&self.client, &self.settings).await?;
            self.topics_known = true;
        }
        if self.producer.is_none() {
            self.producer = Some(self.new_producer()?);
        }
        Ok(())
    }

    /// Hands the events, which stand in id order within each shard, to Kafka and waits for every outcome.
    pub async fn publish(&mut self, events: &[Event]) -> Result<Published, RelayError> {
        self.prepare().await?;
        let Some(producer) = &self.producer else { return Ok(Published::nothing()) };
        let outcomes = self.send(producer, events).await;
        let fatal = producer.client().fatal_error();
        let published = Published::of(events, outcomes);
        if published.failure.is_some() {
            self.topics_known = false;
        }
        if let Some((code, reason)) = fatal {
            tracing::warn!(%code, reason, "a new producer is needed");
            self.discard();
        }
        Ok(published)
    }

    /// Enqueues in order, then awaits all. After an event that cannot even be enqueued nothing more is.
    async fn send(&self, producer: &FutureProducer, events: &[Event]) -> Vec<Result<(), KafkaError>> {
        let mut outcomes = Vec::with_capacity(events.len());
        let mut under_way: VecDeque<DeliveryFuture> = VecDeque::with_capacity(events.len());
        let mut refused = None;
        for event in events {
            let mut record = message::record(event, self.topic(event.aggregate));
            refused = loop {
                match producer.send_result(record) {
                    Ok(delivery) => {
                        under_way.push_back(delivery);
                        break None;
                    }
                    Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                        if !under_way.is_empty() =>
                    {
                        record = back;
                        if let Some(oldest) = under_way.pop_front() {
                            outcomes.push(outcome(oldest).await);
                        }
                    }
                    Err((error, _)) => break Some(error),
                }
            };
            if refused.is_some() {
                break;
            }
        }
        for delivery in under_way {
            outcomes.push(outcome(delivery).await);
        }
        outcomes.extend(refused.map(Err));
        outcomes
    }

    fn topic(&self, aggregate: Aggregate) -> &str {
        match aggregate {
            Aggregate::Account => &self.settings.account_events_topic,
            Aggregate::Snapshot => &self.settings.snapshot_events_topic,
        }
    }

    fn new_producer(&self) -> Result<FutureProducer, KafkaError> {
        self.client
            .clone()
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // the partition that Java clients choose for the same key
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "1")
            .set("compression.type", "lz4")
            .set("delivery.timeout.ms", DELIVERY_TIMEOUT.as_millis().to_string())
            .create()
    }

    fn discard(&mut self) {
        if let Some(producer) = self.producer.take() {
            producer.purge(PurgeConfig::default().queue().inflight());
        }
    }
}

/// A step that is dropped half-way must leave nothing behind that a later owner's records could meet.
impl Drop for Publisher {
    fn drop(&mut self) {
        self.discard();
    }
}

async fn outcome(delivery: DeliveryFuture) -> Result<(), KafkaError> {
    match delivery.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(error),
        // the producer went away with the record
        Err(_) => Err(KafkaError::Canceled),
    }
}

impl Published {
    fn nothing() -> Self {
        Self { acknowledged: Vec::new(), failure: None }
    }

    /// Counts an event as published only with all before it in its shard, so that the rest goes out again in order.
    fn of(events: &[Event], outcomes: Vec<Result<(), KafkaError>>) -> Self {
        let mut published = Self::nothing();
        let mut broken = BTreeSet::new();
        for (event, outcome) in events.iter().zip(outcomes) {
            let (shard, id) = (event.shard, event.id);
            match outcome {
                Ok(()) if !broken.contains(&shard) => published.acknowledged.push((shard, id)),
                Ok(()) => {}
                Err(source) => {
                    broken.insert(shard);
                    published.failure.get_or_insert(RelayError::NotAcknowledged { shard, id, source });
                }
            }
        }
        published
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use persistence::outbox::{Aggregate, Event};
    use rdkafka::error::{KafkaError, RDKafkaErrorCode};
    use uuid::Uuid;

    use super::Published;
    use crate::error::RelayError;

    fn event(shard: i16, id: i64) -> Event {
        Event {
            shard,
            id,
            aggregate: Aggregate::Account,
            key: "D1".to_owned(),
            event_type: "ContributionCalculated".to_owned(),
            event_id: Uuid::from_u128(1),
            payload: "{}".to_owned(),
            traceparent: None,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    fn timed_out() -> Result<(), KafkaError> {
        Err(KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut))
    }

    #[test]
    fn nothing_behind_a_failure_of_its_shard_counts_as_published() {
        let events = [event(0, 1), event(0, 2), event(0, 3), event(1, 4), event(1, 5)];
        let published = Published::of(&events, vec![Ok(()), timed_out(), Ok(()), Ok(()), timed_out()]);
        assert_eq!(published.acknowledged, [(0, 1), (1, 4)]);
        assert!(matches!(published.failure, Some(RelayError::NotAcknowledged { shard: 0, id: 2, .. })));
    }

    #[test]
    fn what_was_never_handed_over_does_not_count() {
        let events = [event(0, 1), event(0, 2), event(1, 3)];
        let published = Published::of(&events, vec![Ok(()), timed_out()]);
        assert_eq!(published.acknowledged, [(0, 1)]);
    }
}
