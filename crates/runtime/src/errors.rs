//! What is to be done about an error. Each worker sorts its errors in one place, exhaustively, by what they
//! are and never by their text.

use std::error::Error;

/// What is to be done about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Something outside is not there for now (a database, a broker, a deadlock): the same step again, after a
    /// pause that grows to two seconds.
    Retry,
    /// This item only: the worker has put it aside where it is seen (dead letter, anomaly) and goes on.
    Park,
    /// Going on could do harm: end with exit code 1 and let the orchestrator start anew.
    Halt,
}

impl Disposition {
    /// The word used in logs and as a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Park => "park",
            Self::Halt => "halt",
        }
    }
}

/// An error that knows what is to be done about it.
pub trait Disposed: Error {
    /// What is to be done.
    fn disposition(&self) -> Disposition;

    /// What a retry waits for, as it reads in "still waiting for …": `PostgreSQL`, `Kafka`.
    fn waits_for(&self) -> &'static str {
        "a dependency"
    }
}
