//! One subcommand a file; each takes its arguments and the [`Context`](crate::Context).

pub mod connectors;
pub mod generate;
pub mod migrate;
pub mod settle;

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
}

/// Carries out `command`.
pub async fn run(command: Command, context: Context) -> Result<Outcome> {
    match command {
        Command::Migrate => migrate::run(&context).await,
        Command::Connectors(connectors) => connectors::run(connectors, &context).await,
        Command::Generate(generate) => generate::run(generate, &context).await,
        Command::Settle(settle) => settle::run(settle, &context).await,
    }
}
