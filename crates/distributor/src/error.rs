//! What can go wrong while numbering and distributing, sorted in one place.

use domain::{AmountError, DistributeError, PlanVersion, SequenceError};
use persistence::Kind;
use runtime::{Disposed, Disposition};

/// No partition of a ledger table takes the row: the scheduler makes them ahead.
const SQLSTATE_CHECK_VIOLATION: &str = "23514";

/// Why a step failed. Nothing of it is written.
#[derive(Debug, thiserror::Error)]
pub enum DistributorError {
    /// PostgreSQL could not be reached, refused, or holds what cannot be.
    #[error(transparent)]
    Persistence(#[from] persistence::Error),
    /// The journaled state and what is to be numbered contradict each other.
    #[error("numbering: {0}")]
    Sequence(#[from] SequenceError),
    /// An entry cannot be carried out by its own plan.
    #[error("entry {seq}: {source}")]
    Distribute {
        /// The entry.
        seq: i64,
        /// Why.
        source: DistributeError,
    },
    /// A sum left the range of amounts.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// An entry names a plan that is not there.
    #[error("entry {seq} names plan {}, which is not there", .plan.0)]
    NoPlan {
        /// The entry.
        seq: i64,
        /// The plan.
        plan: PlanVersion,
    },
    /// A date left the calendar.
    #[error(transparent)]
    Date(#[from] domain::DateError),
    /// A task of this process ended by a panic.
    #[error("a task panicked")]
    Panicked,
}

impl From<sqlx::Error> for DistributorError {
    fn from(error: sqlx::Error) -> Self {
        Self::Persistence(error.into())
    }
}

impl Disposed for DistributorError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Persistence(error) => match error.kind() {
                Kind::Unavailable | Kind::Conflict => Disposition::Retry,
                Kind::Broken if error.sqlstate().as_deref() == Some(SQLSTATE_CHECK_VIOLATION) => {
                    Disposition::Retry
                }
                Kind::Broken => Disposition::Halt,
            },
            Self::Sequence(_)
            | Self::Distribute { .. }
            | Self::Amount(_)
            | Self::NoPlan { .. }
            | Self::Date(_)
            | Self::Panicked => Disposition::Halt,
        }
    }

    fn waits_for(&self) -> &'static str {
        match self {
            Self::Persistence(error) if error.sqlstate().as_deref() == Some(SQLSTATE_CHECK_VIOLATION) => {
                "a ledger partition (is the scheduler running?)"
            }
            _ => "PostgreSQL",
        }
    }
}
