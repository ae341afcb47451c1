//! The snapshot of a day, sealed once (RULES section 7).
//!
//! When a day is due is for the caller to know: that the roll to it is complete, and that all is carried out through W.
//! One transaction, all of it or nothing: [`persistence::snapshots`].

use fail::fail_point;
use persistence::PgPool;
use persistence::snapshots::{self, Order, Sealed};

use crate::error::SchedulerError;

/// The name in `job_runs`.
pub const NAME: &str = "snapshot";

/// Seals the day as ordered; a day that is sealed already stays as it is. Errs, and writes nothing, where the roll to the
/// day is not complete or entries through W are not carried out.
pub async fn seal(pool: &PgPool, order: &Order) -> Result<Sealed, SchedulerError> {
    let mut transaction = snapshots::begin(pool).await?;
    let sealed = snapshots::seal(&mut transaction, order).await?;
    fail_point!("snapshot-before-commit");
    transaction.commit().await?;
    fail_point!("snapshot-after-commit");
    match &sealed {
        Sealed::Now(header) => tracing::info!(
            day = %header.snapshot_date,
            complete = header.complete,
            watermark = header.watermark,
            accounts = header.account_count,
            total = %header.network_total_contribution,
            root = %header.merkle_root,
            "snapshot sealed"
        ),
        Sealed::Before(header) => tracing::debug!(day = %header.snapshot_date, "snapshot was sealed before"),
    }
    Ok(sealed)
}
