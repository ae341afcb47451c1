use std::path::PathBuf;

use rdkafka::error::KafkaError;
use runtime::SettingsError;

/// The result of a command.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is missing or wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Usage(String),
    /// What was asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// Our database, or upstream's.
    #[error(transparent)]
    Database(#[from] persistence::Error),
    /// A day that cannot be sealed.
    #[error(transparent)]
    Seal(#[from] persistence::snapshots::SealError),
    /// The brokers.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// Kafka Connect.
    #[error(transparent)]
    Connect(#[from] crate::connect::ConnectError),
    /// A file that cannot be read, or does not hold what it should.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Something did not come about in the time allowed.
    #[error("{0}")]
    TimedOut(String),
    /// The machine itself.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A part of the command ended unexpectedly.
    #[error("a task of the command ended: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Error {
    /// Whether the caller has to ask otherwise: exit code 2.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Settings(_) | Self::Usage(_) | Self::File { .. })
    }
}
