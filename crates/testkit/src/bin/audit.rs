//! Audits a database of the service from RULES alone: `audit [--database URL]`.
//!
//! Prints a line an identity; exit code 0 when all hold, 1 when one does not or the database cannot be read, 2 on bad
//! usage.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Parser;
use sqlx::postgres::PgPoolOptions;
use testkit::audit::{Options, Report, audit_with};

/// Compares the whole database of the service with RULES.
#[derive(Debug, Parser)]
struct Arguments {
    /// URL of the service's database
    #[arg(long, env = "CONTRIB__DATABASE__URL", hide_env_values = true)]
    database: String,
    /// How many days after the business day an adoption may be dated
    #[arg(long, default_value_t = 1)]
    max_future_days: u64,
    /// Accounts without a referral row count as ones without a referrer
    #[arg(long)]
    missing_referral_is_root: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments).await {
        Ok(report) => {
            print!("{report}");
            if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("audit: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let options = Options {
        max_future_days: arguments.max_future_days,
        missing_referral_is_root: arguments.missing_referral_is_root,
        ..Options::default()
    };
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(5))
        .connect(&arguments.database)
        .await
        .context("cannot connect to the database")?;
    let mut told = Instant::now();
    let shown = std::io::stderr().is_terminal();
    let report = audit_with(&pool, &options, |done, total| {
        if shown && told.elapsed() > Duration::from_millis(200) {
            told = Instant::now();
            eprint!("\r{done} of {total} entries");
        }
    })
    .await?;
    if shown {
        eprint!("\r\x1b[K");
    }
    Ok(report)
}
