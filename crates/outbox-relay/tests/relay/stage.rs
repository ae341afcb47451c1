//! A database and topics of its own for each test.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use outbox_relay::Relay;
use persistence::PgPool;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use runtime::{Settings, Worker};
use sqlx::PgConnection;
use testkit::database::TestDatabase;
use uuid::Uuid;

/// Less than the minute after which a scan starts from the beginning in any case.
pub(crate) const LIMIT: Duration = Duration::from_secs(40);
pub(crate) const PARTITIONS: i32 = 6;

pub(crate) struct Stage {
    pub(crate) database: TestDatabase,
    pub(crate) settings: Settings,
}

/// A record as a consumer sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Received {
    pub(crate) partition: i32,
    pub(crate) key: String,
    pub(crate) payload: String,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Received {
    pub(crate) fn version(&self) -> i64 {
        let payload: serde_json::Value = serde_json::from_str(&self.payload).unwrap_or_default();
        payload["version"].as_i64().unwrap_or_default()
    }
}

impl Stage {
    pub(crate) async fn set(batch: u32) -> anyhow::Result<Self> {
        let brokers = testkit::required("CONTRIB_TEST_KAFKA_BROKERS")?;
        let database = TestDatabase::create().await?;
        let run = Uuid::new_v4().simple().to_string();
        let environment = [
            ("CONTRIB__DATABASE__URL", database.url()),
            ("CONTRIB__KAFKA__BROKERS", brokers),
            ("CONTRIB__KAFKA__ACCOUNT_EVENTS_TOPIC", format!("relay_{run}.account_events")),
            ("CONTRIB__KAFKA__SNAPSHOT_EVENTS_TOPIC", format!("relay_{run}.snapshot_events")),
            ("CONTRIB__KAFKA__TOPIC_PARTITIONS", PARTITIONS.to_string()),
            ("CONTRIB__RELAY__BATCH", batch.to_string()),
        ];
        let config = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../config"));
        let settings = Settings::load_from(config, environment.map(|(key, value)| (key.to_owned(), value)))?;
        Ok(Self { database, settings })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// A relay that looks at shards and horizon in every step.
    pub(crate) fn relay(&self) -> Relay {
        Relay::keeping_house_every(Duration::ZERO, self.pool().clone(), &self.settings)
    }

    /// Steps until the outbox is empty.
    pub(crate) async fn drain(&self, relay: &mut Relay) -> anyhow::Result<()> {
        let started = tokio::time::Instant::now();
        while self.waiting().await? > 0 {
            anyhow::ensure!(started.elapsed() < LIMIT, "the outbox does not become empty");
            relay.run_once().await?;
        }
        Ok(())
    }

    /// Events in the outbox.
    pub(crate) async fn waiting(&self) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM outbox_events").fetch_one(self.pool()).await?)
    }

    /// All records of the account topic once there are `number`, each partition in its order.
    pub(crate) async fn received(&self, number: usize) -> anyhow::Result<Vec<Received>> {
        self.received_from(self.settings.kafka.account_events_topic.clone(), number).await
    }

    pub(crate) async fn received_from(&self, topic: String, number: usize) -> anyhow::Result<Vec<Received>> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.settings.kafka.brokers)
            .set("group.id", "unused")
            .set("enable.partition.eof", "false")
            .create()?;
        let mut partitions = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            partitions.add_partition_offset(&topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&partitions)?;
        let reading = tokio::task::spawn_blocking(move || -> anyhow::Result<Vec<Received>> {
            let started = std::time::Instant::now();
            let mut records = Vec::new();
            // one more poll than needed shows that there are no more
            loop {
                let patience = if records.len() < number { LIMIT } else { Duration::from_millis(300) };
                anyhow::ensure!(started.elapsed() < LIMIT, "{} of {number} records", records.len());
                let Some(message) = consumer.poll(patience) else { break };
                let message = message?;
                records.push(Received {
                    partition: message.partition(),
                    key: String::from_utf8(message.key().context("no key")?.to_vec())?,
                    payload: String::from_utf8(message.payload().context("no value")?.to_vec())?,
                    headers: message
                        .headers()
                        .context("no headers")?
                        .iter()
                        .map(|header| {
                            let value = header.value.unwrap_or_default();
                            (header.key.to_owned(), String::from_utf8_lossy(value).into_owned())
                        })
                        .collect(),
                });
            }
            Ok(records)
        });
        reading.await?
    }

    pub(crate) async fn strike(self) -> anyhow::Result<()> {
        self.database.close().await
    }
}

/// Writes an event of an account as a worker does, within the caller's transaction.
pub(crate) async fn write(
    connection: &mut PgConnection,
    shard: i16,
    key: &str,
    version: i64,
) -> anyhow::Result<i64> {
    let event_id = Uuid::new_v4();
    let payload = serde_json::json!({ "eventId": event_id, "accountSequence": key, "version": version });
    let id = sqlx::query_scalar(
        "INSERT INTO outbox_events (aggregate_type, aggregate_id, event_type, event_id, epoch, version, payload,
             traceparent, shard, created_at)
         VALUES ('ACCOUNT', $1, 'ContributionCalculated', $2, 1, $3, $4, $5, $6, now()) RETURNING id",
    )
    .bind(key)
    .bind(event_id)
    .bind(version)
    .bind(payload.to_string())
    .bind("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    .bind(shard)
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// Steps every relay in turn until `condition` holds.
pub(crate) async fn step_until(
    what: &str,
    relays: &mut [&mut Relay],
    condition: impl Fn(&[&mut Relay]) -> bool,
) -> anyhow::Result<()> {
    let started = tokio::time::Instant::now();
    while !condition(relays) {
        anyhow::ensure!(started.elapsed() < LIMIT, "waited in vain for: {what}");
        for relay in relays.iter_mut() {
            relay.run_once().await?;
        }
    }
    Ok(())
}
