//! What can go wrong in a job, sorted in one place.

use persistence::Kind;
use runtime::{Disposed, Disposition};

/// Why a job failed. It is repeated from where its last commit left it.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// PostgreSQL could not be reached, refused, or holds what cannot be.
    #[error(transparent)]
    Persistence(#[from] persistence::Error),
}

impl From<sqlx::Error> for SchedulerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Persistence(error.into())
    }
}

impl Disposed for SchedulerError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Persistence(error) => match error.kind() {
                Kind::Unavailable | Kind::Conflict => Disposition::Retry,
                Kind::Broken => Disposition::Halt,
            },
        }
    }

    fn waits_for(&self) -> &'static str {
        "PostgreSQL"
    }
}
