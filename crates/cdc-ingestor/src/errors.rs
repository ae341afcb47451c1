//! Everything that can go wrong while ingesting, and what is to be done about it.

use persistence::Kind;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use runtime::{Disposed, Disposition};

/// What stopped a step. A message that cannot be read is none of these: it is a dead letter, and the step goes on.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// PostgreSQL.
    #[error(transparent)]
    Database(#[from] persistence::Error),
    /// Kafka.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// Another consumer moved the position of a partition that this one reads: nothing of the batch was written.
    #[error("another consumer reads {topic}")]
    PartitionTaken {
        /// The topic.
        topic: String,
    },
    /// Kafka no longer has the messages at the position: they were lost before they were read.
    #[error(
        "Kafka has no message at the stored position of a partition: deleted before they were read, or another topic"
    )]
    PositionGone,
    /// The thread that reads Kafka ended.
    #[error("the reader of Kafka ended")]
    ReaderEnded,
    /// A setting that cannot be used.
    #[error("{0}")]
    Settings(String),
}

impl From<sqlx::Error> for IngestError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// SQLSTATE of a unique violation.
const UNIQUE_VIOLATION: &str = "23505";

impl Disposed for IngestError {
    fn disposition(&self) -> Disposition {
        match self {
            // two ingestors wrote rows with the same account at the same time: read again, then it is seen
            Self::Database(error) if error.sqlstate().as_deref() == Some(UNIQUE_VIOLATION) => {
                Disposition::Retry
            }
            Self::Database(error) => match error.kind() {
                Kind::Unavailable | Kind::Conflict => Disposition::Retry,
                Kind::Broken => Disposition::Halt,
            },
            Self::Kafka(error) => match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::Fatal) => Disposition::Halt,
                _ => Disposition::Retry,
            },
            Self::PartitionTaken { .. } => Disposition::Retry,
            Self::PositionGone | Self::ReaderEnded | Self::Settings(_) => Disposition::Halt,
        }
    }

    fn waits_for(&self) -> &'static str {
        match self {
            Self::Database(_) => "PostgreSQL",
            Self::PartitionTaken { .. } => "its partitions",
            _ => "Kafka",
        }
    }
}
