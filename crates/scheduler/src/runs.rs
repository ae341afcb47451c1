//! The run under way, as a row of `job_runs`: begun, its rows, how it ended.

use chrono::{DateTime, NaiveDate, Utc};
use persistence::{PgPool, job_runs};

use crate::error::SchedulerError;

/// A run that spans several steps of the scheduler.
#[derive(Debug)]
pub(crate) struct Run {
    id: i64,
    rows: u64,
}

impl Run {
    /// Notes that `job` begins.
    pub(crate) async fn begin(
        pool: &PgPool,
        job: &str,
        day: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Self, SchedulerError> {
        let id = job_runs::begin(&mut *pool.acquire().await?, job, day, now).await?;
        Ok(Self { id, rows: 0 })
    }

    /// Adds what a step wrote.
    pub(crate) fn add(&mut self, rows: u64) {
        self.rows += rows;
    }

    /// Notes that all of it is done.
    pub(crate) async fn end(self, pool: &PgPool, now: DateTime<Utc>) -> Result<(), SchedulerError> {
        job_runs::end(&mut *pool.acquire().await?, self.id, Ok(self.rows), now).await?;
        Ok(())
    }

    /// Notes what went wrong. That it cannot be noted is no second failure.
    pub(crate) async fn fail(self, pool: &PgPool, error: &SchedulerError, now: DateTime<Utc>) {
        let Ok(mut connection) = pool.acquire().await else { return };
        let noted = job_runs::end(&mut connection, self.id, Err(&error.to_string()), now).await;
        if let Err(error) = noted {
            tracing::debug!(%error, "the failure of a run could not be noted");
        }
    }
}
