//! The loop around a worker's bounded step: on at once while there is work, a pause when there is none,
//! backoff while something outside is missing, an end when going on could do harm.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::errors::{Disposed, Disposition};
use crate::health::Readiness;

/// The first pause after an error that may pass.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Pauses double up to here; jitter adds as much again at most, which makes the cap two seconds.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often a worker that still waits says so.
const REMINDER: Duration = Duration::from_mins(1);

/// What a step found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Something was done: there may be more.
    Worked,
    /// There was nothing to do.
    Idle,
}

/// A worker: one bounded step that can be done again after a crash at any point.
pub trait Worker {
    /// What can go wrong, and what is to be done about it.
    type Error: Disposed;
    /// The name in logs and metrics.
    const NAME: &'static str;

    /// One step. It finishes before a stop is heeded, so it must be short (under a second or so).
    fn run_once(&mut self) -> impl Future<Output = Result<Progress, Self::Error>> + Send;
}

/// How long to wait when there is nothing to do: the poll's interval, or less when somebody calls.
#[derive(Debug, Clone)]
pub struct Idle {
    poll: Duration,
    wake_up: Arc<Notify>,
}

impl Idle {
    /// Waits for `poll`.
    pub fn poll(poll: Duration) -> Self {
        Self { poll, wake_up: Arc::default() }
    }

    /// Waits for `poll`, or until `wake_up` is notified (`notify_one` is remembered when nobody waits yet).
    pub fn poll_or(poll: Duration, wake_up: Arc<Notify>) -> Self {
        Self { poll, wake_up }
    }

    async fn wait(&self) {
        tokio::select! {
            () = self.wake_up.notified() => {}
            () = sleep(self.poll) => {}
        }
    }
}

/// Runs steps until `shutdown` is cancelled (`Ok`, after the step in hand) or one says halt (`Err`).
///
/// Ready means that the last step ended well.
pub async fn run_until_stopped<W: Worker>(
    worker: &mut W,
    idle: Idle,
    readiness: &Readiness,
    shutdown: &CancellationToken,
) -> Result<(), W::Error> {
    let mut trouble = None;
    while !shutdown.is_cancelled() {
        match worker.run_once().await {
            Ok(progress) => {
                if let Some(over) = trouble.take() {
                    Trouble::end(&over, W::NAME);
                }
                readiness.set_ready();
                if progress == Progress::Idle {
                    unless_stopped(shutdown, idle.wait()).await;
                }
            }
            Err(error) => {
                let disposition = error.disposition();
                count(W::NAME, disposition);
                match disposition {
                    Disposition::Halt => {
                        readiness.set_not_ready(&error.to_string());
                        return Err(error);
                    }
                    Disposition::Park => {
                        tracing::warn!(worker = W::NAME, error = describe(&error), "put aside");
                        unless_stopped(shutdown, idle.wait()).await;
                    }
                    Disposition::Retry => {
                        readiness.set_not_ready(&format!("waiting for {}: {error}", error.waits_for()));
                        let pause = trouble.get_or_insert_with(Trouble::begin).next(W::NAME, &error);
                        unless_stopped(shutdown, sleep(pause)).await;
                    }
                }
            }
        }
    }
    Ok(())
}

async fn unless_stopped(shutdown: &CancellationToken, wait: impl Future<Output = ()>) {
    // which of the two ended does not matter: the loop looks at the token
    let _ = shutdown.run_until_cancelled(wait).await;
}

fn count(worker: &'static str, disposition: Disposition) {
    metrics::counter!("contrib_worker_errors_total", "worker" => worker, "class" => disposition.as_str())
        .increment(1);
}

/// A time during which every step failed with an error that may pass.
struct Trouble {
    since: Instant,
    told: Option<Instant>,
    pauses: ExponentialBackoff,
}

impl Trouble {
    fn begin() -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_PAUSE)
            .without_max_times()
            .with_jitter()
            .build();
        Self { since: Instant::now(), told: None, pauses }
    }

    /// Says what is waited for, at once and then once a minute; gives the pause before the next step.
    fn next(&mut self, worker: &'static str, error: &impl Disposed) -> Duration {
        let now = Instant::now();
        if self.told.is_none_or(|told| now - told >= REMINDER) {
            let still = if self.told.is_some() { "still " } else { "" };
            let seconds = (now - self.since).as_secs();
            tracing::warn!(worker, seconds, "{still}waiting for {}: {}", error.waits_for(), describe(error));
            self.told = Some(now);
        }
        self.pauses.next().unwrap_or(LONGEST_PAUSE)
    }

    fn end(&self, worker: &'static str) {
        tracing::info!(worker, seconds = self.since.elapsed().as_secs(), "goes on");
    }
}

/// The error and its causes, in one line.
pub fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // many errors repeat their source's text
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
