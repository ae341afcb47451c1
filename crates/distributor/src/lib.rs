//! Sequencer and distribution workers: what upstream says becomes numbered entries, entries become ledger lines.
//!
//! | module | |
//! |---|---|
//! | [`sequencer`] | one leader numbers: judges what changed, then appends to the journal |
//! | [`worker`] | any number carry chunks of the journal out, in any order |
//! | [`deltas`] | what a chunk does to accounts, summed |
//! | [`error`] | which error is retried and which one halts |
//!
//! The sequencer never touches `contribution_accounts`; a worker never decides an unlock: whatever an entry's outcome
//! depends on stands in the journal.

pub mod deltas;
pub mod error;
pub mod sequencer;
pub mod worker;

use std::sync::Arc;

use persistence::calls::{self, Channel};
use runtime::{Context, ExposeSecret, Idle, Worker, run_until_stopped};
use tokio::sync::Notify;
use tokio::task::JoinSet;

pub use error::DistributorError;
pub use sequencer::Sequencer;
pub use worker::DistributionWorker;

/// Runs one sequencer (a standby while another leads) and the configured number of workers until told to stop.
pub async fn run(context: Context) -> Result<(), DistributorError> {
    let settings = context.settings.clone();
    let url = settings.database.url.expose_secret();
    let workers = settings.distributor.worker_count();
    let connections = u32::try_from(workers).unwrap_or(1) + 4;
    let pool = persistence::connect_for_workers(url, connections, "distributor")?;

    let changed = Arc::new(Notify::new());
    let numbered = Arc::new(Notify::new());
    let mut tasks: JoinSet<Result<(), DistributorError>> = JoinSet::new();
    let hearing = tokio::spawn(calls::hear(pool.clone(), Channel::Sequencer, Arc::clone(&changed)));

    let mut sequencer = Sequencer::new(pool.clone(), &settings, Arc::clone(&numbered));
    let readiness = context.health.part(Sequencer::NAME);
    let shutdown = context.shutdown.clone();
    let idle = Idle::poll_or(settings.distributor.poll(), changed);
    tasks.spawn(async move { run_until_stopped(&mut sequencer, idle, &readiness, &shutdown).await });

    for number in 0..workers {
        let mut worker = DistributionWorker::new(pool.clone(), &settings, Arc::clone(&numbered));
        let readiness = context.health.part(format!("{}-{number}", DistributionWorker::NAME));
        let shutdown = context.shutdown.clone();
        let idle = Idle::poll_or(settings.distributor.poll(), Arc::clone(&numbered));
        tasks.spawn(async move { run_until_stopped(&mut worker, idle, &readiness, &shutdown).await });
    }

    let ended = first_failure(tasks, &context).await;
    hearing.abort();
    ended
}

/// Waits for all; the first that fails stops the others.
async fn first_failure(
    mut tasks: JoinSet<Result<(), DistributorError>>,
    context: &Context,
) -> Result<(), DistributorError> {
    let mut ended = Ok(());
    while let Some(task) = tasks.join_next().await {
        let result = task.unwrap_or(Err(DistributorError::Panicked));
        if result.is_err() && ended.is_ok() {
            context.shutdown.cancel();
            ended = result;
        }
    }
    ended
}
