//! The topic `account_events` as it is read here: every partition, from its end on, without a group.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use runtime::settings::Kafka;
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::link::Floor;

/// How long a question to a broker may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Events taken at once at most.
const AT_ONCE: usize = 5_000;

/// Where partitions end, or how far they were read: the offset after the last message.
pub(super) type Offsets = HashMap<i32, i64>;

/// Why they cannot be followed any further.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// The client refuses to go on.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// The relay creates it.
    #[error("the topic does not exist yet")]
    NoTopic,
    /// It has other partitions, or ends before our position.
    #[error("the topic is not what it was")]
    Changed,
    /// Without it nothing can be stamped.
    #[error("Redis does not answer")]
    NoRedis,
    /// The runtime ends.
    #[error("stopping")]
    Stopping,
}

/// The events that come from now on.
pub(super) struct Events {
    consumer: Arc<StreamConsumer>,
    topic: String,
    read: Offsets,
}

/// What is needed of an event.
#[derive(Deserialize)]
struct Event {
    epoch: i64,
    version: i64,
}

/// What a client of librdkafka needs to read them.
pub(super) fn client(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (key, value) in kafka.client_properties() {
        config.set(key, value);
    }
    config
        // librdkafka asks for one, although no group is joined
        .set("group.id", format!("{}-query-api", kafka.group_id))
        .set("client.id", "query-api")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false")
        .set("fetch.wait.max.ms", "50")
        .set("fetch.error.backoff.ms", "100")
        .set("reconnect.backoff.max.ms", "1000")
        .set("queued.max.messages.kbytes", "16384")
        .set_log_level(RDKafkaLogLevel::Warning);
    config
}

impl Events {
    /// Takes its position at the end of every partition.
    pub(super) async fn open(client: &ClientConfig, topic: &str) -> Result<Self, Lost> {
        let mut events =
            Self { consumer: Arc::new(client.create()?), topic: topic.to_owned(), read: Offsets::new() };
        events.read = events.ends().await?;
        let mut positions = TopicPartitionList::new();
        for (partition, end) in &events.read {
            positions.add_partition_offset(topic, *partition, Offset::Offset(*end))?;
        }
        events.consumer.assign(&positions)?;
        Ok(events)
    }

    /// Asks where the partitions end; the answer comes from a thread, for librdkafka's calls block.
    pub(super) fn ends(&self) -> impl Future<Output = Result<Offsets, Lost>> + use<> {
        let (consumer, topic) = (Arc::clone(&self.consumer), self.topic.clone());
        let answer = spawn_blocking(move || ends(&consumer, &topic));
        async { answer.await.map_err(|_| Lost::Stopping)? }
    }

    /// Whether all through `ends` has been read; errs where that cannot be said of this topic any more.
    pub(super) fn have_read(&self, ends: &Offsets) -> Result<bool, Lost> {
        let mut all = self.read.len() == ends.len();
        if !all {
            return Err(Lost::Changed);
        }
        for (partition, end) in ends {
            let read = self.read.get(partition).ok_or(Lost::Changed)?;
            all &= read >= end;
        }
        Ok(all)
    }

    /// Whether a partition ends before our position: then it is another topic of the same name.
    pub(super) fn was_replaced(&self, ends: &Offsets) -> bool {
        ends.iter().any(|(partition, end)| self.read.get(partition).is_some_and(|read| end < read))
    }

    /// Waits for events; gives the newest epoch and version of each account that they name.
    pub(super) async fn next(&mut self) -> Result<Vec<Floor>, Lost> {
        let mut newest: HashMap<String, (i64, i64)> = HashMap::new();
        let mut next = Some(self.consumer.recv().await);
        for _ in 0..AT_ONCE {
            match next {
                None => break,
                Some(Ok(message)) => {
                    take(&message, &mut newest);
                    self.read.insert(message.partition(), message.offset() + 1);
                }
                Some(Err(error)) if is_lasting(&error) => return Err(error.into()),
                // librdkafka deals with it
                Some(Err(error)) => tracing::debug!(%error, "reading account events"),
            }
            next = self.consumer.recv().now_or_never();
        }
        Ok(newest.into_iter().map(|(account, (epoch, version))| (account, epoch, version)).collect())
    }
}

fn take(message: &BorrowedMessage<'_>, newest: &mut HashMap<String, (i64, i64)>) {
    let account = message.key().and_then(|key| str::from_utf8(key).ok());
    let event = message.payload().and_then(|payload| serde_json::from_slice::<Event>(payload).ok());
    let (Some(account), Some(event)) = (account, event) else {
        // a tombstone, or nothing that the relay wrote
        tracing::warn!(partition = message.partition(), offset = message.offset(), "an event cannot be read");
        return;
    };
    let floor = (event.epoch, event.version);
    let held = newest.entry(account.to_owned()).or_insert(floor);
    *held = floor.max(*held);
}

/// Where the topic's partitions end: one question for all that a broker leads.
fn ends(consumer: &StreamConsumer, topic: &str) -> Result<Offsets, Lost> {
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let found = metadata.topics().iter().find(|found| found.name() == topic && found.error().is_none());
    let partitions = found.filter(|found| !found.partitions().is_empty()).ok_or(Lost::NoTopic)?.partitions();
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        // the end in place of a time asks for the latest offset
        list.add_partition_offset(topic, partition.id(), Offset::End)?;
    }
    let mut ends = Offsets::new();
    for element in consumer.offsets_for_times(list, PATIENCE)?.elements() {
        element.error()?;
        let Offset::Offset(end) = element.offset() else {
            return Err(KafkaError::OffsetFetch(RDKafkaErrorCode::NoOffset).into());
        };
        ends.insert(element.partition(), end);
    }
    Ok(ends)
}

fn is_lasting(error: &KafkaError) -> bool {
    matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::Fatal))
}
