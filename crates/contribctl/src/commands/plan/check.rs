//! `contribctl plan check`: what a plan would mean. Nothing is written.

use std::path::Path;

use persistence::views;

use super::PlanFile;
use super::prospect::Prospect;
use crate::{Context, Outcome, Result};

/// Checks the file, then shows what the plan would mean if it were added now.
pub(super) async fn run(file: &Path, context: &Context) -> Result<Outcome> {
    let file = PlanFile::read(file)?;
    let pool = context.database()?;
    let mut snapshot = views::snapshot(&pool).await?;
    let prospect = Prospect::read(&mut snapshot, file).await?;
    answer!("{prospect}");
    Ok(Outcome::Good)
}
