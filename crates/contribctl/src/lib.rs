//! The operators' command line: one subcommand a file under [`commands`].
//!
//! A command's answer goes to stdout, progress and logs to stderr. Exit codes: 0 done, 1 failed or something does not
//! hold, 2 bad usage or settings.

/// Prints a line of the answer. Whoever reads it may have had enough (`| head`): that ends the command without a word.
macro_rules! answer {
    ($($line:tt)*) => { $crate::answer(format_args!($($line)*)) };
}

pub mod commands;
pub mod connect;
mod context;
mod error;
pub mod kafka;
pub mod load;
mod progress;
pub mod recalculate;
mod requests;
pub mod verify;

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{self, ExitCode};

use clap::Parser;
use runtime::{Settings, telemetry};

pub use context::Context;
pub use error::{Error, Result};
pub use progress::Progress;

const FAILED: u8 = 1;
const BAD_SETTINGS: u8 = 2;

/// Whether what was asked for holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, or it holds: exit code 0.
    Good,
    /// It does not hold, and the command has said what: exit code 1.
    Bad,
}

/// The operators' command line of the contribution service.
#[derive(Debug, Parser)]
#[command(name = "contribctl", version, arg_required_else_help = true)]
#[command(
    after_help = "Settings: DIR/base.toml, then DIR/$APP_ENV.toml, then the variables CONTRIB__SECTION__KEY\n\
    (a secret's CONTRIB__SECTION__KEY_FILE names the file that holds it).\n\
    Exit codes: 0 done, 1 failed or something does not hold, 2 bad usage or settings."
)]
struct Cli {
    /// Where base.toml is
    #[arg(long, value_name = "DIR", default_value = "config", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: commands::Command,
}

/// Runs the command that the process's arguments name.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let settings = Settings::load(&cli.config).and_then(|settings| {
        telemetry::init(&settings.log, telemetry::Output::Stderr)?;
        Ok(settings)
    });
    let done = settings.map_err(Error::from).and_then(|settings| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let outcome = runtime.block_on(commands::run(cli.command, Context::new(settings)));
        // a blocking Kafka call may outlive a command that failed
        runtime.shutdown_background();
        outcome
    });
    match done {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Bad) => ExitCode::from(FAILED),
        Err(error) => {
            eprintln!("contribctl: {error}");
            ExitCode::from(if error.is_usage() { BAD_SETTINGS } else { FAILED })
        }
    }
}

fn answer(line: fmt::Arguments<'_>) {
    if writeln!(io::stdout().lock(), "{line}").is_err() {
        process::exit(FAILED.into());
    }
}
