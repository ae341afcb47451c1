//! Events as the service wrote them, and a topic that tells them in an order of the test's choosing.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use persistence::PgPool;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::Value;
use testkit::wait::LIMIT;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Of the outbox; 0 where the test made the event.
    pub(crate) id: i64,
    /// The record's key.
    pub(crate) account: String,
    /// `epoch` and `version`.
    pub(crate) pair: (i64, i64),
    pub(crate) json: Value,
}

impl Event {
    pub(crate) fn of(json: Value) -> Self {
        let key = json["accountSequence"].as_str().or(json["snapshotDate"].as_str()).unwrap_or_default();
        let number = |name: &str| json[name].as_i64().unwrap_or_default();
        Self { id: 0, account: key.to_owned(), pair: (number("epoch"), number("version")), json }
    }

    /// The same with other members.
    pub(crate) fn with(&self, members: &[(&str, Value)]) -> Self {
        let mut json = self.json.clone();
        for (name, value) in members {
            json[*name] = value.clone();
        }
        Self::of(json)
    }
}

/// The events of the outbox behind `after`, in the order in which they were written.
pub(crate) async fn written(pool: &PgPool, aggregate: &str, after: i64) -> anyhow::Result<Vec<Event>> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT id, payload FROM outbox_events WHERE aggregate_type = $1 AND id > $2 ORDER BY id",
    )
    .bind(aggregate)
    .bind(after)
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|(id, json)| Ok(Event { id, ..Event::of(serde_json::from_str(&json)?) })).collect()
}

/// What each account has by these events.
pub(crate) fn newest(events: &[Event]) -> BTreeMap<String, Event> {
    let mut figures: Vec<&Event> =
        events.iter().filter(|event| event.json["eventType"] == "ContributionCalculated").collect();
    figures.sort_by_key(|event| event.pair);
    figures.into_iter().map(|event| (event.account.clone(), event.clone())).collect()
}

/// That a reader's file has these events, in the order of the accounts.
pub(crate) fn assert_kept(file: &Path, expected: &BTreeMap<String, Event>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)?;
    let kept: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let expected: Vec<Value> = expected.values().map(|event| event.json.clone()).collect();
    assert_eq!(kept, expected, "{}", file.display());
    Ok(())
}

/// A topic of its own.
pub(crate) struct Topic {
    pub(crate) brokers: String,
    pub(crate) name: String,
    admin: AdminClient<DefaultClientContext>,
}

impl Topic {
    /// As the relay makes it.
    pub(crate) async fn create(name: &str) -> anyhow::Result<Self> {
        let brokers = testkit::required("CONTRIB_TEST_KAFKA_BROKERS")?;
        let name = format!("client_{}.{name}", Uuid::new_v4().simple());
        let admin: AdminClient<_> = ClientConfig::new().set("bootstrap.servers", &brokers).create()?;
        let topic = NewTopic::new(&name, 3, TopicReplication::Fixed(1)).set("cleanup.policy", "compact");
        for created in admin.create_topics([&topic], &AdminOptions::new()).await? {
            created.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
        }
        Ok(Self { brokers, name, admin })
    }

    /// Appends the events in this order, compressed as the relay does.
    pub(crate) async fn send(&self, events: &[Event]) -> anyhow::Result<()> {
        let producer: FutureProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("compression.type", "lz4")
            .set("linger.ms", "20")
            .create()?;
        let mut under_way = Vec::new();
        for event in events {
            let payload = event.json.to_string();
            let record = FutureRecord::to(&self.name).key(&event.account).payload(&payload);
            under_way.push(producer.send_result(record).map_err(|(error, _)| error)?);
        }
        for delivery in under_way {
            let delivered = tokio::time::timeout(LIMIT, delivery).await.context("no answer from Kafka")??;
            delivered.map_err(|(error, _)| error)?;
        }
        Ok(())
    }

    pub(crate) async fn delete(self) -> anyhow::Result<()> {
        self.admin.delete_topics(&[&self.name], &AdminOptions::new()).await?;
        Ok(())
    }
}
