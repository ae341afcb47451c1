//! The topics that the relay writes: created when they are missing, never changed.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use runtime::settings::Kafka;

use crate::error::RelayError;

const PATIENCE: Duration = Duration::from_secs(5);

/// Creates both topics if they are missing: compacted, and stamped by the broker as it appends.
pub async fn ensure(client: &ClientConfig, kafka: &Kafka) -> Result<(), RelayError> {
    let names = [kafka.account_events_topic.as_str(), kafka.snapshot_events_topic.as_str()];
    let topics = names.map(|name| {
        NewTopic::new(name, kafka.topic_partitions, TopicReplication::Fixed(kafka.replication_factor))
            .set("cleanup.policy", "compact")
            .set("message.timestamp.type", "LogAppendTime")
    });
    let admin: AdminClient<DefaultClientContext> = client.create()?;
    let options = AdminOptions::new().request_timeout(Some(PATIENCE)).operation_timeout(Some(PATIENCE));
    for outcome in admin.create_topics(&topics, &options).await? {
        match outcome {
            Ok(topic) => tracing::info!(topic, partitions = kafka.topic_partitions, "topic created"),
            Err((topic, RDKafkaErrorCode::TopicAlreadyExists)) => {
                warn_unless_compacted(&admin, &options, &topic).await?;
            }
            Err((topic, code)) => return Err(RelayError::Topic { topic, code }),
        }
    }
    Ok(())
}

/// A consumer that came first may have had the broker create the topic with the broker's defaults, which delete old
/// events. That is for an operator to mend.
async fn warn_unless_compacted(
    admin: &AdminClient<DefaultClientContext>,
    options: &AdminOptions,
    topic: &str,
) -> Result<(), RelayError> {
    for described in admin.describe_configs([&ResourceSpecifier::Topic(topic)], options).await? {
        let Ok(config) = described else { continue };
        let policy = config.get("cleanup.policy").and_then(|entry| entry.value.clone()).unwrap_or_default();
        if !policy.contains("compact") {
            tracing::warn!(topic, policy, "topic is not compacted: old events will be deleted");
        }
    }
    Ok(())
}
