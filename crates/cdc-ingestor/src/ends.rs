//! Where partitions end, as Kafka tells when it is asked.
//!
//! An answer can take as long as a fetch that waits for messages on the same connection, so nobody who writes should wait
//! for it. librdkafka's calls block: they are made on threads of their own.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::errors::IngestError;
use crate::positions::Positions;

/// How long a question to a broker may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where partitions end: topic, partition, the offset after the last message; in order.
pub type EndOffsets = Vec<(String, i32, i64)>;

/// Asks where partitions end.
#[derive(Clone)]
pub(crate) struct Ends(Arc<BaseConsumer<Positions>>);

/// A question that was asked.
pub(crate) struct Question(JoinHandle<Result<EndOffsets, IngestError>>);

impl Ends {
    pub(crate) fn new(consumer: Arc<BaseConsumer<Positions>>) -> Self {
        Self(consumer)
    }

    /// Of every partition of `topics`, now. A topic that does not exist has none.
    pub(crate) fn of_topics(&self, topics: Vec<String>) -> Question {
        self.ask(move |consumer| ends(consumer, every_partition(consumer, &topics)?))
    }

    /// Of the partitions that are read here, now.
    pub(crate) fn of_assigned(&self) -> Question {
        self.ask(|consumer| ends(consumer, consumer.assignment()?))
    }

    fn ask(
        &self,
        question: impl FnOnce(&BaseConsumer<Positions>) -> Result<EndOffsets, IngestError> + Send + 'static,
    ) -> Question {
        let consumer = Arc::clone(&self.0);
        Question(spawn_blocking(move || question(&consumer)))
    }
}

impl Question {
    /// Whether the answer is there.
    pub(crate) fn is_answered(&self) -> bool {
        self.0.is_finished()
    }

    /// The answer.
    pub(crate) async fn answer(self) -> Result<EndOffsets, IngestError> {
        self.0.await.map_err(|_| IngestError::ReaderEnded)?
    }
}

fn every_partition(
    consumer: &BaseConsumer<Positions>,
    topics: &[String],
) -> Result<TopicPartitionList, IngestError> {
    let mut all = TopicPartitionList::new();
    for topic in topics {
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
        let Some(topic_metadata) = metadata.topics().iter().find(|found| found.name() == topic) else {
            continue;
        };
        match topic_metadata.error() {
            None => {}
            Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) => continue,
            Some(error) => return Err(KafkaError::MetadataFetch(error.into()).into()),
        }
        for partition in topic_metadata.partitions() {
            all.add_partition(topic, partition.id());
        }
    }
    Ok(all)
}

/// Where `partitions` end: one question for all that a broker leads.
fn ends(
    consumer: &BaseConsumer<Positions>,
    mut partitions: TopicPartitionList,
) -> Result<EndOffsets, IngestError> {
    if partitions.count() == 0 {
        return Ok(EndOffsets::new());
    }
    // the end in place of a time asks for the latest offset
    partitions.set_all_offsets(Offset::End)?;
    let found = consumer.offsets_for_times(partitions, PATIENCE)?;
    let mut ends = EndOffsets::new();
    for element in found.elements() {
        element.error()?;
        let Offset::Offset(end) = element.offset() else {
            return Err(KafkaError::OffsetFetch(RDKafkaErrorCode::NoOffset).into());
        };
        ends.push((element.topic().to_owned(), element.partition(), end));
    }
    ends.sort_unstable();
    Ok(ends)
}
