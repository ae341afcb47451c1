//! Kafka as an onlooker: how far topics reach, and their records from the first to the end that is seen now.
//!
//! No consumer group is joined and no offset committed. librdkafka's calls block, so they run on threads of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::settings::Kafka;

use crate::{Error, Result};

/// For one answer of a broker.
const PATIENCE: Duration = Duration::from_secs(10);
/// For the next record, which is known to be there.
const STALL: Duration = Duration::from_secs(30);

/// Between two tries of a call that may go through a little later.
const PAUSE: Duration = Duration::from_millis(200);

/// Where a partition begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first offset that is still kept.
    pub low: i64,
    /// One past the last record.
    pub high: i64,
}

/// The partitions of some topics.
pub type Spans = BTreeMap<(String, i32), Span>;

/// A connection to the brokers.
#[derive(Clone)]
pub struct Onlooker(Arc<BaseConsumer>);

/// What every client of this program begins with, from `[kafka]`.
pub(crate) fn client(kafka: &Kafka) -> ClientConfig {
    let mut client = ClientConfig::new();
    for (key, value) in kafka.client_properties() {
        client.set(key, value);
    }
    client.set("client.id", "contribctl");
    client
}

impl Onlooker {
    /// From `[kafka]`; connects with the first call.
    pub fn new(kafka: &Kafka) -> Result<Self> {
        let mut client = client(kafka);
        client
            // assigning partitions takes a group's name, but joins none
            .set("group.id", "contribctl")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error");
        Ok(Self(Arc::new(client.create()?)))
    }

    /// Where the partitions of `topics` begin and end now. A topic that is not there has none.
    pub async fn spans(&self, topics: Vec<String>) -> Result<Spans> {
        let started = Instant::now();
        loop {
            let (onlooker, topics) = (self.clone(), topics.clone());
            match tokio::task::spawn_blocking(move || onlooker.spans_now(&topics)).await? {
                Err(error) if is_passing(&error) && started.elapsed() < PATIENCE => {
                    tokio::time::sleep(PAUSE).await;
                }
                spans => return spans,
            }
        }
    }

    /// Gives every record of `topic` within `spans` to `each`, in order within a partition, with what it makes of them.
    pub async fn fold<T>(
        &self,
        topic: String,
        spans: Spans,
        mut into: T,
        each: impl Fn(&mut T, &BorrowedMessage<'_>) + Send + 'static,
    ) -> Result<T>
    where
        T: Send + 'static,
    {
        let onlooker = self.clone();
        tokio::task::spawn_blocking(move || {
            onlooker.read(&topic, &spans, |message| each(&mut into, message))?;
            Ok(into)
        })
        .await?
    }

    fn spans_now(&self, topics: &[String]) -> Result<Spans> {
        let metadata = self.0.fetch_metadata(None, PATIENCE)?;
        let mut spans = Spans::new();
        for topic in metadata.topics().iter().filter(|topic| topics.iter().any(|name| name == topic.name())) {
            for partition in topic.partitions() {
                let (low, high) = self.0.fetch_watermarks(topic.name(), partition.id(), PATIENCE)?;
                spans.insert((topic.name().to_owned(), partition.id()), Span { low, high });
            }
        }
        Ok(spans)
    }

    fn read(&self, topic: &str, spans: &Spans, mut each: impl FnMut(&BorrowedMessage<'_>)) -> Result<()> {
        let mut ends = BTreeMap::new();
        let mut assignment = TopicPartitionList::new();
        for ((name, partition), span) in spans {
            if name == topic && span.low < span.high {
                assignment.add_partition_offset(topic, *partition, Offset::Offset(span.low))?;
                ends.insert(*partition, span.high);
            }
        }
        self.0.assign(&assignment)?;
        while !ends.is_empty() {
            match self.0.poll(STALL) {
                Some(Ok(message)) => {
                    let end = ends.get(&message.partition()).copied().unwrap_or_default();
                    if message.offset() < end {
                        each(&message);
                    }
                    if message.offset() + 1 >= end {
                        ends.remove(&message.partition());
                    }
                }
                // the last offsets of a partition may hold no record: marks of a transaction
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    ends.remove(&partition);
                }
                Some(Err(error)) => return Err(error.into()),
                None => {
                    let partitions: Vec<_> = ends.keys().collect();
                    let text = format!("Kafka gave nothing for 30 s: {topic}, partitions {partitions:?}");
                    return Err(Error::TimedOut(text));
                }
            }
        }
        self.0.unassign()?;
        Ok(())
    }
}

/// A topic that was made a moment ago has no leaders yet.
fn is_passing(error: &Error) -> bool {
    let Error::Kafka(error) = error else { return false };
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition
        )
    )
}
