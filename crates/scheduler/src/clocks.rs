//! Two clocks that must agree: this process's, and PostgreSQL's. One wrong clock must not roll years of days.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use persistence::{PgConnection, sequencer};

use crate::error::SchedulerError;

/// How far the clocks may be apart.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// This process's clock and PostgreSQL's.
#[derive(Clone)]
pub struct Clocks {
    here: Clock,
    /// None: PostgreSQL is asked.
    there: Option<Clock>,
}

impl Default for Clocks {
    fn default() -> Self {
        Self { here: Arc::new(Utc::now), there: None }
    }
}

impl fmt::Debug for Clocks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Clocks").finish_non_exhaustive()
    }
}

impl Clocks {
    /// Clocks that tests set.
    pub fn set(here: Clock, there: Clock) -> Self {
        Self { here, there: Some(there) }
    }

    /// This process's time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.here)()
    }

    /// The earlier of both times; an error where they are too far apart.
    pub async fn agreed(&self, connection: &mut PgConnection) -> Result<DateTime<Utc>, SchedulerError> {
        let there = match &self.there {
            Some(clock) => clock(),
            None => sequencer::time(connection).await?,
        };
        let here = self.now();
        if (here - there).abs() > TOLERANCE {
            return Err(SchedulerError::ClocksDiffer { here, there });
        }
        Ok(here.min(there))
    }
}
