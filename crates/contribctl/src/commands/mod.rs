//! One subcommand a file; each takes its arguments and the [`Context`](crate::Context).

pub mod bootstrap;
pub mod calculate;
pub mod connectors;
pub mod dead_letters;
pub mod epoch;
pub mod expire;
pub mod explain;
pub mod generate;
pub mod migrate;
pub mod plan;
pub mod process;
pub mod recalculate;
pub mod reconcile;
pub mod report;
pub mod settle;
pub mod simulate;
pub mod snapshot;
pub mod verify;

use clap::Subcommand;

use crate::{Context, Outcome, Result};

/// What there is to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring the database's schema to this build's version; begin the books on today's date
    Migrate,
    /// Kafka Connect: register the connectors that read upstream, or show how they do
    #[command(subcommand)]
    Connectors(connectors::Connectors),
    /// Load for a stack: fill or change the upstream database; never against a real one
    #[command(subcommand)]
    Generate(generate::Generate),
    /// Wait until everything upstream has been read, numbered, distributed and published
    Settle(settle::Settle),
    /// Check every identity that the books must hold to; exit code 1 when one does not hold
    Verify(verify::Verify),
    /// Carry the whole journal out again, in memory, and show what is stored otherwise; rebuild sums
    Recalculate(recalculate::Recalculate),
    /// Compare upstream's tables with what is kept of them; have rows that differ read once more
    Reconcile(reconcile::Reconcile),
    /// Show an account's balances and counts beside what its lines and the journal give
    Calculate(calculate::Calculate),
    /// Show where an adoption stands, what happens to it next, or why nothing does
    Process(process::Process),
    /// Show every slot of every entry of an adoption: to whom it went, or why to nobody
    Explain(explain::Explain),
    /// Show the figures of a stack: read, distributed, published, and how long live adoptions took
    Report,
    /// Plans: rates, prices, unlocking and terms, and from when they apply
    #[command(subcommand)]
    Plan(plan::Plan),
    /// Show what an adoption, or another plan, would do; writes nothing
    #[command(subcommand)]
    Simulate(simulate::Simulate),
    /// Have the business day rolled by hand, however many days are missing
    Expire(expire::Expire),
    /// Snapshots: seal the business day by hand, or check the proof of an account's line
    #[command(subcommand)]
    Snapshot(snapshot::Snapshot),
    /// The gate before the first number
    #[command(subcommand)]
    Bootstrap(bootstrap::Bootstrap),
    /// Epochs: what began again counts more than all that was before
    #[command(subcommand)]
    Epoch(epoch::Epoch),
    /// Messages that could not be understood
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLetters),
}

/// Carries out `command`.
pub async fn run(command: Command, context: Context) -> Result<Outcome> {
    match command {
        Command::Migrate => migrate::run(&context).await,
        Command::Connectors(connectors) => connectors::run(connectors, &context).await,
        Command::Generate(generate) => generate::run(generate, &context).await,
        Command::Settle(settle) => settle::run(settle, &context).await,
        Command::Verify(verify) => verify::run(verify, &context).await,
        Command::Recalculate(recalculate) => recalculate::run(recalculate, &context).await,
        Command::Reconcile(reconcile) => reconcile::run(reconcile, &context).await,
        Command::Calculate(calculate) => calculate::run(calculate, &context).await,
        Command::Process(process) => process::run(process, &context).await,
        Command::Explain(explain) => explain::run(explain, &context).await,
        Command::Report => report::run(&context).await,
        Command::Plan(plan) => plan::run(plan, &context).await,
        Command::Simulate(simulate) => simulate::run(simulate, &context).await,
        Command::Expire(expire) => expire::run(expire, &context).await,
        Command::Snapshot(snapshot) => snapshot::run(snapshot, &context).await,
        Command::Bootstrap(bootstrap) => bootstrap::run(bootstrap, &context).await,
        Command::Epoch(epoch) => epoch::run(epoch, &context).await,
        Command::DeadLetters(dead_letters) => dead_letters::run(dead_letters, &context).await,
    }
}
