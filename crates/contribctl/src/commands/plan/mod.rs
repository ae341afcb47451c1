//! `contribctl plan`: the versions that decide rates, prices, unlocking and terms (RULES section 3, Plans).
//!
//! A plan is added, never changed: an entry that used it keeps it, and the database refuses to touch one that was used.

mod add;
mod check;
mod file;
mod list;
mod prospect;

use std::path::PathBuf;

use clap::Subcommand;

use crate::{Context, Outcome, Result};

pub(super) use file::PlanFile;

/// What to do about plans.
#[derive(Debug, Subcommand)]
#[command(after_help = concat!("A plan's file, here that of plan 1:\n\n", include_str!("plan-1.toml")))]
pub enum Plan {
    /// List the plans: what they apply to, which is in force, how many entries used them
    List(list::List),
    /// Check a plan's file and show what it would mean; exit code 2 when it is refused
    #[command(after_help = concat!("A plan's file, here that of plan 1:\n\n", include_str!("plan-1.toml")))]
    Check {
        /// The plan, as TOML
        file: PathBuf,
    },
    /// Add a plan as the next version; without --yes only show what that would mean
    Add(add::Add),
}

/// Carries out a subcommand.
pub async fn run(plan: Plan, context: &Context) -> Result<Outcome> {
    match plan {
        Plan::List(list) => list::run(&list, context).await,
        Plan::Check { file } => check::run(&file, context).await,
        Plan::Add(add) => add::run(add, context).await,
    }
}
