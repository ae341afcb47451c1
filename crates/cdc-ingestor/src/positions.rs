//! Where the consumer stands in each partition, and what librdkafka calls back when partitions come and go.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use persistence::{PgPool, cdc_offsets};
use rdkafka::client::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Handle;

/// Between two tries to read the positions.
const PAUSE: Duration = Duration::from_millis(200);

/// Assigns partitions at the positions in PostgreSQL.
pub(crate) struct Positions {
    pool: PgPool,
    runtime: Handle,
    /// The offset expected next of each partition assigned, by topic.
    next: Mutex<BTreeMap<String, BTreeMap<i32, i64>>>,
    /// Raised whenever `next` is read anew.
    generation: AtomicU64,
    start_over: AtomicBool,
    stop: AtomicBool,
}

impl Positions {
    /// To be called within a tokio runtime.
    pub(crate) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            runtime: Handle::current(),
            next: Mutex::default(),
            generation: AtomicU64::new(0),
            start_over: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        }
    }

    /// Counts the assignments.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Asks to read on from the positions in PostgreSQL.
    pub(crate) fn start_over(&self) {
        self.start_over.store(true, Ordering::SeqCst);
    }

    /// Whether that was asked for; forgets it.
    pub(crate) fn is_to_start_over(&self) -> bool {
        self.start_over.swap(false, Ordering::SeqCst)
    }

    /// Asks to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Whether that was asked for.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn next(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<i32, i64>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on behind the message at `offset`; gives where the consumer stood. None: the message is of a partition that was
    /// just taken away, or was read before.
    pub(crate) fn take(&self, topic: &str, partition: i32, offset: i64) -> Option<i64> {
        let mut next = self.next();
        let next = next.get_mut(topic)?.get_mut(&partition)?;
        (*next <= offset).then(|| std::mem::replace(next, offset + 1))
    }

    /// `assigned` with the offset to begin at. Waits for PostgreSQL; None when told to stop meanwhile.
    pub(crate) fn locate(&self, assigned: &TopicPartitionList) -> Option<TopicPartitionList> {
        let partitions: Vec<(String, i32)> = assigned
            .elements()
            .iter()
            .map(|element| (element.topic().to_owned(), element.partition()))
            .collect();
        let stored = loop {
            if self.is_stopped() {
                return None;
            }
            match self.runtime.block_on(self.stored(&partitions)) {
                Ok(stored) => break stored,
                Err(error) => {
                    tracing::warn!(%error, "waiting for PostgreSQL to tell where to read on");
                    std::thread::sleep(PAUSE);
                }
            }
        };
        let mut located = TopicPartitionList::new();
        let mut next = self.next();
        next.clear();
        for ((topic, partition), offset) in stored {
            let from = if offset == 0 { Offset::Beginning } else { Offset::Offset(offset) };
            // the offset comes from a message that was read, so it is one that Kafka has
            let _ = located.add_partition_offset(&topic, partition, from);
            next.entry(topic).or_default().insert(partition, offset);
        }
        self.generation.fetch_add(1, Ordering::SeqCst);
        Some(located)
    }

    async fn stored(&self, partitions: &[(String, i32)]) -> persistence::Result<Vec<((String, i32), i64)>> {
        let mut connection = self.pool.acquire().await?;
        let mut stored = Vec::with_capacity(partitions.len());
        for (topic, partition) in partitions {
            cdc_offsets::begin(&mut connection, topic, *partition, 0).await?;
            let offset = cdc_offsets::position(&mut connection, topic, *partition).await?.unwrap_or(0);
            stored.push(((topic.clone(), *partition), offset));
        }
        Ok(stored)
    }
}

impl ClientContext for Positions {}

impl ConsumerContext for Positions {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        change: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        debug_assert!(!matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative));
        let assigned = (change == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
            .then(|| self.locate(partitions))
            .flatten();
        let done = if let Some(located) = &assigned {
            consumer.assign(located)
        } else {
            self.next().clear();
            consumer.unassign()
        };
        tracing::info!(partitions = assigned.map_or(0, |list| list.count()), "partitions assigned");
        if let Err(error) = done {
            tracing::error!(%error, "the assignment could not be taken");
        }
    }
}
