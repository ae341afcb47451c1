//! What can go wrong in a relay, sorted.

use persistence::Kind;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use runtime::{Disposed, Disposition};

/// Why a step failed. Nothing is lost by any of these: what was not acknowledged is still in the outbox.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The outbox could not be read or written.
    #[error("outbox: {0}")]
    Outbox(#[from] persistence::Error),
    /// The session that holds the shards' locks is gone or does not answer; others may own them now.
    #[error("the session that holds the shards is gone")]
    SessionLost,
    /// All seats are taken: more relays run than the service is made for.
    #[error("no seat left for another relay")]
    NoSeat,
    /// The producer or a topic could not be made.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// A topic could not be created.
    #[error("topic {topic}: {code}")]
    Topic {
        /// Its name.
        topic: String,
        /// What the broker said.
        code: RDKafkaErrorCode,
    },
    /// An event was not acknowledged. It and all that came after it go out again.
    #[error("event {shard}/{id} was not acknowledged: {source}")]
    NotAcknowledged {
        /// Its shard.
        shard: i16,
        /// Its id.
        id: i64,
        /// Why.
        source: KafkaError,
    },
}

impl Disposed for RelayError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Outbox(error) => match error.kind() {
                Kind::Unavailable | Kind::Conflict => Disposition::Retry,
                Kind::Broken => Disposition::Halt,
            },
            Self::SessionLost | Self::NoSeat => Disposition::Retry,
            Self::Kafka(error) | Self::NotAcknowledged { source: error, .. } => kafka_disposition(error),
            Self::Topic { code, .. } => code_disposition(*code),
        }
    }

    fn waits_for(&self) -> &'static str {
        match self {
            Self::Outbox(_) | Self::SessionLost => "PostgreSQL",
            Self::NoSeat => "a seat",
            Self::Kafka(_) | Self::Topic { .. } | Self::NotAcknowledged { .. } => "Kafka",
        }
    }
}

fn kafka_disposition(error: &KafkaError) -> Disposition {
    match error {
        KafkaError::ClientConfig(..) | KafkaError::Nul(_) => Disposition::Halt,
        other => other.rdkafka_error_code().map_or(Disposition::Retry, code_disposition),
    }
}

/// A record or a topic that the brokers will never take stops the relay: it cannot be skipped, since a later event of
/// the same key must not go before it.
fn code_disposition(code: RDKafkaErrorCode) -> Disposition {
    use RDKafkaErrorCode as Code;
    match code {
        Code::MessageSizeTooLarge
        | Code::InvalidMessage
        | Code::InvalidRecord
        | Code::BadMessage
        | Code::InvalidTopic
        | Code::InvalidReplicationFactor
        | Code::InvalidPartitions
        | Code::InvalidConfig
        | Code::PolicyViolation => Disposition::Halt,
        _ => Disposition::Retry,
    }
}
