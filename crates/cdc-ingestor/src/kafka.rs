//! The thread that reads Kafka: polls, decodes, and hands batches over, one ahead of the database.
//!
//! The group only spreads the partitions; where to read from is PostgreSQL's word, asked whenever partitions are
//! assigned, and whenever a batch found that it was not so (see [`Reader::start_over`]).

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use persistence::{PgPool, cdc_offsets};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use runtime::settings;
use tokio::sync::mpsc;

use crate::batch::Message;
use crate::ends::Ends;
use crate::errors::IngestError;
use crate::positions::Positions;
use crate::redact::storable;
use crate::work::{Topics, Work};

/// How long a poll waits when there is nothing.
const POLL: Duration = Duration::from_millis(100);

/// The reader as the rest of the ingestor sees it.
pub(crate) struct Reader {
    consumer: Arc<BaseConsumer<Positions>>,
    batches: mpsc::Receiver<Result<Work, IngestError>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Joins the group and starts to read.
    pub(crate) fn start(
        kafka: &settings::Kafka,
        bounds: &settings::Batch,
        topics: Arc<Topics>,
        pool: PgPool,
    ) -> Result<Self, IngestError> {
        let mut config = client(kafka, "cdc-ingestor");
        config
            .set("partition.assignment.strategy", "range")
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "1500")
            .set("topic.metadata.refresh.interval.ms", "1000")
            .set("fetch.wait.max.ms", "50")
            .set("fetch.error.backoff.ms", "100")
            .set("queued.max.messages.kbytes", "16384")
            // a full queue is looked at again at once: by default it rests for a second
            .set("fetch.queue.backoff.ms", "2")
            .set_log_level(RDKafkaLogLevel::Warning);
        let consumer: Arc<BaseConsumer<Positions>> =
            Arc::new(config.create_with_context(Positions::new(pool))?);
        consumer.subscribe(&topics.names())?;
        let (sender, batches) = mpsc::channel(1);
        let polling = Polling { consumer: Arc::clone(&consumer), topics, bounds: bounds.clone(), sender };
        let thread = std::thread::Builder::new()
            .name("kafka-reader".to_owned())
            .spawn(move || polling.run())
            .map_err(|error| IngestError::Settings(format!("cannot start a thread: {error}")))?;
        Ok(Self { consumer, batches, thread: Some(thread) })
    }

    /// The next batch; None when there was nothing for `wait`. Batches that were read before the last start over or
    /// assignment are dropped: they are read again.
    pub(crate) async fn next(&mut self, wait: Duration) -> Result<Option<Work>, IngestError> {
        match tokio::time::timeout(wait, self.batches.recv()).await {
            Err(_) => Ok(None),
            Ok(None) => Err(IngestError::ReaderEnded),
            Ok(Some(Err(error))) => Err(error),
            Ok(Some(Ok(work))) => Ok(Some(work).filter(|work| work.generation == self.generation())),
        }
    }

    fn generation(&self) -> u64 {
        self.consumer.context().generation()
    }

    /// Reads on from the positions in PostgreSQL.
    pub(crate) fn start_over(&self) {
        self.consumer.context().start_over();
    }

    /// Tells Kafka how far the group is: for lag tools only, so it does not matter whether it succeeds.
    pub(crate) fn report(&self, topic: &str, advances: &[cdc_offsets::Advance]) {
        let mut list = TopicPartitionList::new();
        for advance in advances {
            // an offset of a message that was read is never negative, so this cannot fail
            let _ = list.add_partition_offset(topic, advance.partition, Offset::Offset(advance.to));
        }
        if let Err(error) = self.consumer.commit(&list, CommitMode::Async) {
            tracing::debug!(%error, topic, "the group's position could not be reported");
        }
    }

    /// Who tells where partitions end.
    pub(crate) fn ends(&self) -> Ends {
        Ends::new(Arc::clone(&self.consumer))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.consumer.context().stop();
        self.batches.close();
        // the thread leaves the group as it ends
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A consumer that reads from given positions: it keeps none, and one that is not there any more is an error, for it
/// would mean that messages were lost before they were read.
pub(crate) fn client(kafka: &settings::Kafka, id: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (key, value) in kafka.client_properties() {
        config.set(key, value);
    }
    config
        .set("group.id", &kafka.group_id)
        .set("client.id", id)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false");
    config
}

/// The thread's own.
struct Polling {
    consumer: Arc<BaseConsumer<Positions>>,
    topics: Arc<Topics>,
    bounds: settings::Batch,
    sender: mpsc::Sender<Result<Work, IngestError>>,
}

impl Polling {
    fn run(self) {
        let mut trouble = Trouble::default();
        while !self.consumer.context().is_stopped() {
            if self.consumer.context().is_to_start_over() {
                self.relocate();
            }
            let (work, error) = self.gather();
            if !work.is_empty() && self.sender.blocking_send(Ok(work)).is_err() {
                break;
            }
            match error {
                None => {}
                Some(error) if is_lasting(&error) => {
                    let _ = self.sender.blocking_send(Err(lasting(error)));
                    break;
                }
                Some(error) => trouble.say(&error),
            }
        }
        self.consumer.unsubscribe();
    }

    fn relocate(&self) {
        let Ok(assignment) = self.consumer.assignment() else { return };
        if let Some(located) = self.consumer.context().locate(&assignment)
            && let Err(error) = self.consumer.assign(&located)
        {
            tracing::error!(%error, "the positions could not be taken");
        }
    }

    /// Messages until one of the bounds is reached or nothing more is at hand.
    fn gather(&self) -> (Work, Option<KafkaError>) {
        let mut work = self.topics.begin();
        let mut deadline: Option<Instant> = None;
        loop {
            let wait = if deadline.is_some() { Duration::ZERO } else { POLL };
            match self.consumer.poll(wait) {
                None => return (work, None),
                Some(Err(error)) => return (work, Some(error)),
                Some(Ok(message)) => self.take(&mut work, &message),
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.bounds.max_wait());
            let full = work.messages >= self.bounds.max_messages || work.bytes >= self.bounds.max_bytes;
            if full || Instant::now() >= deadline {
                return (work, None);
            }
        }
    }

    fn take(&self, work: &mut Work, message: &BorrowedMessage<'_>) {
        let context = self.consumer.context();
        work.generation = context.generation();
        let Some(from) = context.take(message.topic(), message.partition(), message.offset()) else { return };
        let read = Message {
            partition: message.partition(),
            offset: message.offset(),
            key: message.key(),
            value: message.payload(),
        };
        self.topics.push(work, message.topic(), read, from, || headers(message));
    }
}

/// A message's headers as a JSON object.
fn headers(message: &BorrowedMessage<'_>) -> Option<String> {
    let headers = message.headers()?;
    let object: serde_json::Map<String, serde_json::Value> = headers
        .iter()
        .map(|header| {
            let value = header.value.map(|value| storable(value).into_owned());
            (header.key.to_owned(), value.into())
        })
        .collect();
    serde_json::to_string(&object).ok()
}

fn is_lasting(error: &KafkaError) -> bool {
    matches!(error.rdkafka_error_code(), Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::Fatal))
}

fn lasting(error: KafkaError) -> IngestError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::AutoOffsetReset) => IngestError::PositionGone,
        _ => error.into(),
    }
}

/// Errors that librdkafka itself deals with, said once a minute each.
#[derive(Default)]
struct Trouble(Vec<(Option<RDKafkaErrorCode>, Instant)>);

impl Trouble {
    fn say(&mut self, error: &KafkaError) {
        const EVERY: Duration = Duration::from_mins(1);
        let code = error.rdkafka_error_code();
        let now = Instant::now();
        self.0.retain(|(_, said)| now - *said < EVERY);
        if self.0.iter().any(|(said, _)| *said == code) {
            return;
        }
        self.0.push((code, now));
        let unknown = [RDKafkaErrorCode::UnknownTopicOrPartition, RDKafkaErrorCode::UnknownTopic];
        if code.is_some_and(|code| unknown.contains(&code)) {
            tracing::warn!(%error, "waiting for a topic that does not exist yet");
        } else {
            tracing::warn!(%error, "waiting for Kafka");
        }
    }
}
