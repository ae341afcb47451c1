//! Upkeep: ledger partitions are made before the journal reaches them, what nobody needs any more is thrown away, and the
//! planner's statistics stay fresh.

use chrono::{DateTime, Days, Utc};
use persistence::{PgConnection, partitions, retention};
use runtime::settings;

use crate::error::SchedulerError;

/// The name in `job_runs`.
pub const NAME: &str = "upkeep";

/// Makes what is missing and deletes what is too old; says how many spans were made and rows deleted.
pub async fn run(
    connection: &mut PgConnection,
    settings: &settings::Upkeep,
    now: DateTime<Utc>,
) -> Result<u64, SchedulerError> {
    let made = partitions::make_ahead(connection).await?;
    if made > 0 {
        tracing::info!(made, "ledger partitions made ahead");
    }
    let ahead = partitions::spans_ahead(connection).await?;
    #[expect(clippy::cast_precision_loss, reason = "a handful of partitions, and no amount")]
    metrics::gauge!("contrib_ledger_partitions_ahead").set(ahead as f64);
    let before = |days: u32| now - Days::new(days.into());
    let mut deleted = 0;
    let events = before(settings.processed_events_days);
    while retention::BATCH
        == count(&mut deleted, retention::delete_processed_events(connection, events).await?)
    {}
    let letters = before(settings.resolved_dead_letters_days);
    while retention::BATCH
        == count(&mut deleted, retention::delete_resolved_dead_letters(connection, letters).await?)
    {}
    let runs = before(settings.job_runs_days);
    while retention::BATCH == count(&mut deleted, retention::delete_job_runs(connection, runs).await?) {}
    retention::analyze_ledger(connection).await?;
    Ok(made + deleted)
}

fn count(sum: &mut u64, more: u64) -> u64 {
    *sum += more;
    more
}
