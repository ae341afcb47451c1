//! What Kafka still has: a message by its place, and where partitions stood at a time. No group is joined.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedMessage;
use rdkafka::{Message, Offset, TopicPartitionList};
use runtime::settings;

use crate::errors::IngestError;
use crate::kafka::client;

/// How long a question to a broker may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to the brokers, made with the first question.
pub(super) struct Past(Arc<BaseConsumer>);

/// A partition: where it stood at a time, and where it ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) partition: i32,
    pub(super) then: i64,
    pub(super) end: i64,
}

impl Past {
    pub(super) fn new(kafka: &settings::Kafka) -> Result<Self, IngestError> {
        // assigning partitions takes a group's name, but joins none
        Ok(Self(Arc::new(client(kafka, "cdc-ingestor-requests").create()?)))
    }

    /// The message at that place; None: Kafka has it no more.
    pub(super) async fn message(
        &self,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> Result<Option<OwnedMessage>, IngestError> {
        let topic = topic.to_owned();
        self.ask(move |consumer| message(consumer, &topic, partition, offset)).await
    }

    /// The partitions of `topic`.
    pub(super) async fn spans(&self, topic: &str, then: DateTime<Utc>) -> Result<Vec<Span>, IngestError> {
        let topic = topic.to_owned();
        self.ask(move |consumer| spans(consumer, &topic, then)).await
    }

    /// librdkafka's calls block: they are made on a thread of their own.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&BaseConsumer) -> Result<T, KafkaError> + Send + 'static,
    ) -> Result<T, IngestError> {
        let consumer = Arc::clone(&self.0);
        let answer = tokio::task::spawn_blocking(move || question(&consumer)).await;
        Ok(answer.map_err(|_| IngestError::ReaderEnded)??)
    }
}

fn message(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Result<Option<OwnedMessage>, KafkaError> {
    let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE)?;
    if !(low..high).contains(&offset) {
        return Ok(None);
    }
    let mut place = TopicPartitionList::new();
    place.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    consumer.assign(&place)?;
    let found = first(consumer);
    consumer.unassign()?;
    // a compacted topic may have forgotten it: then this is a later one
    Ok(found?.filter(|found| found.offset() == offset))
}

/// The first message of what is assigned; None: it does not come, or what was there has just been deleted.
fn first(consumer: &BaseConsumer) -> Result<Option<OwnedMessage>, KafkaError> {
    match consumer.poll(PATIENCE) {
        None => Ok(None),
        Some(Ok(message)) => Ok(Some(message.detach())),
        Some(Err(error)) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AutoOffsetReset) => Ok(None),
        Some(Err(error)) => Err(error),
    }
}

fn spans(consumer: &BaseConsumer, topic: &str, then: DateTime<Utc>) -> Result<Vec<Span>, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let partitions = found.map_or(&[][..], |topic| topic.partitions());
    let mut times = TopicPartitionList::new();
    for partition in partitions {
        times.add_partition_offset(topic, partition.id(), Offset::Offset(then.timestamp_millis()))?;
    }
    let offsets = consumer.offsets_for_times(times, PATIENCE)?;
    offsets
        .elements()
        .iter()
        .map(|element| {
            let (_, end) = consumer.fetch_watermarks(topic, element.partition(), PATIENCE)?;
            let then = match element.offset() {
                Offset::Offset(offset) => offset,
                _ => end, // nothing has come since
            };
            Ok(Span { partition: element.partition(), then, end })
        })
        .collect()
}
