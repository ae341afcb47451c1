//! Upkeep: ledger partitions are made before the journal reaches them.

use persistence::{PgConnection, partitions};

use crate::error::SchedulerError;

/// The name in `job_runs`.
pub const NAME: &str = "upkeep";

/// Makes what is missing; says how many spans were made.
pub async fn run(connection: &mut PgConnection) -> Result<u64, SchedulerError> {
    let made = partitions::make_ahead(connection).await?;
    if made > 0 {
        tracing::info!(made, "ledger partitions made ahead");
    }
    Ok(made)
}
