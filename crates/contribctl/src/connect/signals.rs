//! The topic by which connectors are told to read rows again: an incremental snapshot (Debezium's Kafka signal channel).
//!
//! A connector reads partition 0 only, and only what bears its `topic.prefix` as key.

use std::time::Duration;

use persistence::upstream_rows::Relation;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord};
use runtime::settings::Kafka;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::kafka::{Onlooker, client};
use crate::{Error, Result};

const PATIENCE: Duration = Duration::from_secs(10);
const PARTITION: i32 = 0;
/// Ids of one signal. It is kept whole in every offset that Connect stores until it has been carried out.
const IDS: usize = 1_000;
/// Signals of one request; more rows than they hold are asked for by the whole table.
const SIGNALS: usize = 5;

/// Creates the topic, with the one partition that it must have, if it is missing.
pub(crate) async fn ensure_topic(kafka: &Kafka, topic: &str) -> Result<()> {
    let admin: AdminClient<DefaultClientContext> = client(kafka).create()?;
    let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
    let new = NewTopic::new(topic, 1, TopicReplication::Fixed(kafka.replication_factor));
    for created in admin.create_topics([&new], &options).await? {
        match created {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(KafkaError::AdminOp(code).into()),
        }
    }
    Ok(())
}

/// The way to one connector.
pub(crate) struct Signals {
    producer: FutureProducer,
    topic: String,
    prefix: String,
}

impl Signals {
    /// To the connector whose `topic.prefix` is `prefix`; refuses a topic that no connector can listen to.
    pub(crate) async fn to(kafka: &Kafka, topic: &str, prefix: &str) -> Result<Self> {
        let partitions = Onlooker::new(kafka)?.spans(vec![topic.to_owned()]).await?.len();
        if partitions != 1 {
            return Err(Error::Usage(format!(
                "connect.signal_topic: Kafka has a topic {topic} of {partitions} partitions, and it must have one; \
                 `contribctl connectors apply` creates it where a connector names it as its signal.kafka.topic"
            )));
        }
        let mut client = client(kafka);
        client.set("acks", "all").set("message.timeout.ms", PATIENCE.as_millis().to_string());
        Ok(Self { producer: client.create()?, topic: topic.to_owned(), prefix: prefix.to_owned() })
    }

    /// Asks for the rows of `relation` whose `key` (quoted) is one of `ids`, or for all of them if there are too many.
    pub(crate) async fn ask_for(&self, relation: &Relation, key: &str, ids: &[Uuid]) -> Result<()> {
        for signal in signals(relation, key, ids) {
            let payload = signal.to_string();
            let record =
                FutureRecord::to(&self.topic).partition(PARTITION).key(&self.prefix).payload(&payload);
            self.producer.send(record, PATIENCE).await.map_err(|(error, _)| error)?;
        }
        Ok(())
    }
}

fn signals(relation: &Relation, key: &str, ids: &[Uuid]) -> Vec<Value> {
    let table = relation.to_string();
    let signal = |conditions: Value| {
        json!({
            "type": "execute-snapshot",
            "data": {
                "data-collections": [table],
                "type": "incremental",
                "additional-conditions": conditions,
            },
        })
    };
    if ids.len() > IDS * SIGNALS {
        return vec![signal(json!([]))];
    }
    let condition = |ids: &[Uuid]| {
        let list: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        json!([{ "data-collection": table, "filter": format!("{key} IN ({})", list.join(", ")) }])
    };
    ids.chunks(IDS).map(|ids| signal(condition(ids))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_names_its_rows_unless_they_are_too_many() {
        let relation = Relation { schema: "rwa_identity".to_owned(), table: "users".to_owned() };
        let ids: Vec<Uuid> = (0..5_001).map(Uuid::from_u128).collect();
        let few = signals(&relation, "\"id\"", &ids[..2]);
        assert_eq!(
            few,
            [json!({"type": "execute-snapshot", "data": {
                "data-collections": ["rwa_identity.users"],
                "type": "incremental",
                "additional-conditions": [{
                    "data-collection": "rwa_identity.users",
                    "filter": "\"id\" IN ('00000000-0000-0000-0000-000000000000', \
                               '00000000-0000-0000-0000-000000000001')",
                }],
            }})]
        );
        assert_eq!(signals(&relation, "\"id\"", &ids[..1_001]).len(), 2);
        let all = signals(&relation, "\"id\"", &ids);
        assert_eq!((all.len(), &all[0]["data"]["additional-conditions"]), (1, &json!([])));
    }
}
