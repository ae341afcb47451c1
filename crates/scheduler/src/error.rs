//! What can go wrong in a job, sorted in one place.

use chrono::{DateTime, NaiveDate, Utc};
use persistence::Kind;
use persistence::snapshots::SealError;
use runtime::{Disposed, Disposition};

/// Why a job failed. It is repeated from where its last commit left it.
#[derive(Debug, thiserror::Error)]
pub enum SchedulerError {
    /// PostgreSQL could not be reached, refused, or holds what cannot be.
    #[error(transparent)]
    Persistence(#[from] persistence::Error),
    /// A day that cannot be sealed.
    #[error("snapshot: {0}")]
    Seal(#[from] SealError),
    /// One of both clocks is wrong: no day may begin by it.
    #[error("this process has {here}, PostgreSQL has {there}: the business day is not moved by either")]
    ClocksDiffer {
        /// This process's time.
        here: DateTime<Utc>,
        /// PostgreSQL's time.
        there: DateTime<Utc>,
    },
    /// So many days are missing that it may be a clock that is wrong.
    #[error(
        "the business day is {day} and {missing} days are missing: \
         see that the clock is right, then `contribctl expire --through DATE`"
    )]
    NeedsAWord {
        /// The business day.
        day: NaiveDate,
        /// How many days.
        missing: i64,
    },
    /// A date left the calendar.
    #[error("there is no day after {0}")]
    EndOfCalendar(NaiveDate),
}

impl From<sqlx::Error> for SchedulerError {
    fn from(error: sqlx::Error) -> Self {
        Self::Persistence(error.into())
    }
}

impl Disposed for SchedulerError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Persistence(error) | Self::Seal(SealError::Persistence(error)) => match error.kind() {
                Kind::Unavailable | Kind::Conflict => Disposition::Retry,
                Kind::Broken => Disposition::Halt,
            },
            // somebody else moved on since the day was found due: it is looked at again
            Self::Seal(
                SealError::AnotherDay { .. } | SealError::Rolling { .. } | SealError::NotCarriedOut { .. },
            ) => Disposition::Retry,
            Self::Seal(SealError::Apportion(_)) | Self::ClocksDiffer { .. } | Self::EndOfCalendar(_) => {
                Disposition::Halt
            }
            // said, and waited for
            Self::NeedsAWord { .. } => Disposition::Park,
        }
    }

    fn waits_for(&self) -> &'static str {
        "PostgreSQL"
    }
}
