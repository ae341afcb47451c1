//! Waiting for a condition, with a limit, in place of sleeping.

use std::time::{Duration, Instant};

/// Longer than anything takes, on a busy machine too.
pub const LIMIT: Duration = Duration::from_mins(1);

/// Polls `condition` until it gives a value; fails with `what` after `limit`.
pub async fn until<T>(
    what: &str,
    limit: Duration,
    mut condition: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let started = Instant::now();
    loop {
        if let Some(value) = condition().await? {
            return Ok(value);
        }
        anyhow::ensure!(started.elapsed() < limit, "waited {limit:?} in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
