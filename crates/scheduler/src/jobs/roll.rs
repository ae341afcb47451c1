//! The roll: moves the business day on by one day, in the four steps of RULES section 6.
//!
//! Every step is a row of bounded transactions that move their own mark, so the job goes on where a killed one stopped.

use chrono::{DateTime, NaiveDate, Utc};
use fail::fail_point;
use persistence::roll::{self, Events, Phase, State};
use persistence::{PgConnection, PgPool, outbox, plans};
use runtime::settings;

use crate::error::SchedulerError;

/// The name in `job_runs`.
pub const NAME: &str = "roll";

/// What one transaction of a roll did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Entries added up, or lines marked.
    pub rows: u64,
    /// The roll is complete.
    pub complete: bool,
}

/// Begins the roll to `day`: from its commit on everything is booked under that day.
pub async fn begin(pool: &PgPool, day: NaiveDate, now: DateTime<Utc>) -> Result<(), SchedulerError> {
    let mut transaction = pool.begin().await?;
    roll::begin(&mut transaction, day, now).await?;
    fail_point!("roll-begin-before-commit");
    transaction.commit().await?;
    fail_point!("roll-begin-after-commit");
    tracing::info!(%day, "the business day begins");
    Ok(())
}

/// The next transaction of the roll that stands at `state`.
pub async fn step(
    pool: &PgPool,
    state: &State,
    settings: &settings::Roll,
    shards: i16,
    now: DateTime<Utc>,
) -> Result<Step, SchedulerError> {
    let mut transaction = pool.begin().await?;
    let day = state.day;
    let more = |rows| Step { rows, complete: false };
    let step = match &state.phase {
        Phase::Idle => Step { rows: 0, complete: true },
        Phase::Summing => more(roll::sum_next(&mut transaction, day, settings.entries, now).await?),
        Phase::Accounts(cursor) => {
            let events = Events { shards, traceparent: outbox::new_trace(), at: now };
            let cursor = cursor.as_deref();
            roll::bring_over_next(&mut transaction, day, cursor, settings.accounts, &events).await?;
            more(0)
        }
        Phase::Marking => {
            let lines = roll::mark_next(&mut transaction, day, settings.chunks, now).await?;
            if lines.is_none() {
                show_plan(&mut transaction, day, now).await?;
            }
            Step { rows: lines.unwrap_or(0), complete: lines.is_none() }
        }
    };
    fail_point!("roll-before-commit");
    transaction.commit().await?;
    fail_point!("roll-after-commit");
    Ok(step)
}

/// The seed's tables show the plan in force.
async fn show_plan(
    connection: &mut PgConnection,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), SchedulerError> {
    let plans = plans::all(connection).await?;
    plans::show_in_force(connection, plans.for_date(day), now).await?;
    Ok(())
}
