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
mod network;
mod report;

use std::path::PathBuf;

use clap::Parser;

use crate::contest::{Contest, compare};
use crate::contests::Scale;

/// Measures the service against floors, in alternating runs.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
struct Options {
    /// Only the contest of this name, or those whose name begins so
    #[arg(long)]
    only: Option<String>,
    /// Runs of each side
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Divides the size of the data: 100 shows in seconds that everything runs, and measures nothing
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    shrink: u32,
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
    let contests = contests::all(Scale { shrink: options.shrink });
    if options.list {
        for contest in &contests {
            println!("{:<24} {}", contest.name(), contest.floor_name());
        }
        return Ok(());
    }
    let chosen: Vec<_> =
        contests.into_iter().filter(|contest| is_chosen(contest.as_ref(), &options)).collect();
    anyhow::ensure!(!chosen.is_empty(), "there is no contest of that name: see --list");

    let mut results = Vec::new();
    for mut contest in chosen {
        results.push(compare(contest.as_mut(), options.runs).await?);
    }
    report::print(&results);
    report::write(&results, &options.report)?;
    println!("\nwritten to {}", options.report.display());
    Ok(())
}

fn is_chosen(contest: &dyn Contest, options: &Options) -> bool {
    options.only.as_ref().is_none_or(|only| contest.name().starts_with(only.as_str()))
}
