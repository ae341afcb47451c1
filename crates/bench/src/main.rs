//! `make bench`: what the service reaches, beside what the bare database or the bare arithmetic reaches.
//!
//! Each measurement is a [`contest`] of a product and a floor that does the same work with nothing around it. The two
//! run in turn, so that a machine that slows down slows both; reported are medians, and the median of the ratios of
//! neighbouring runs. CPU time of client and server for each unit of work stands beside: noise moves it less.

#![allow(
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "seconds and ratios; no amount is here"
)]

mod contest;
mod contests;
mod cpu;
mod floors;
mod load;
mod memory;
mod messages;
mod network;
mod program;
mod report;
mod service;
mod topics;

use std::path::PathBuf;

use clap::Parser;

use crate::contest::{Contest, compare};
use crate::contests::Scale;

/// Measures the service against floors, in alternating runs.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Options {
    /// Only the contest of this name, or those whose name begins so; some run only when their whole name is given
    #[arg(long)]
    only: Option<String>,
    /// Runs of each side
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Divides the size of the data: 100 shows in seconds that everything runs, and measures nothing
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    shrink: u32,
    /// Entries that `recalculate` carries out again
    #[arg(long, env = "RECALCULATE", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..))]
    recalculate: u32,
    /// Adoptions that `growth` distributes
    #[arg(long, env = "GROWTH", default_value_t = 1_000_000,
        value_parser = clap::value_parser!(u32).range(200_000..=5_000_000))]
    growth: u32,
    /// Where the report goes
    #[arg(long, default_value = ".stack/bench/report.json")]
    report: PathBuf,
    /// Names the contests and ends
    #[arg(long)]
    list: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let scale = Scale { shrink: options.shrink, recalculate: options.recalculate, growth: options.growth };
    let contests = contests::all(scale);
    if options.list {
        for contest in &contests {
            list(contest.as_ref());
        }
        return Ok(());
    }
    let chosen: Vec<_> =
        contests.into_iter().filter(|contest| is_chosen(contest.as_ref(), options.only.as_deref())).collect();
    anyhow::ensure!(!chosen.is_empty(), "there is no contest of that name: see --list");

    let mut results = Vec::new();
    for mut contest in chosen {
        results.extend(compare(contest.as_mut(), options.runs).await?);
    }
    report::print(&results);
    report::write(&results, &options.report)?;
    println!("\nwritten to {}", options.report.display());
    Ok(())
}

/// A line for each row that the contest gives the report.
fn list(contest: &dyn Contest) {
    let when = if contest.only_when_named() { " (only when named)" } else { "" };
    for floor in contest.floors() {
        println!("{:<44} {}{when}", floor.row(contest.name()), floor.does);
    }
}

/// By the name of the contest or of one of its rows.
fn is_chosen(contest: &dyn Contest, only: Option<&str>) -> bool {
    match only {
        None => !contest.only_when_named(),
        Some(only) if contest.only_when_named() => contest.name() == only,
        Some(only) => contest.floors().iter().any(|floor| floor.row(contest.name()).starts_with(only)),
    }
}
