//! `contribctl simulate`: what would happen. Nothing is written.

mod adoption;
mod plan;

use clap::Subcommand;

use crate::{Context, Outcome, Result};

/// What to simulate.
#[derive(Debug, Subcommand)]
pub enum Simulate {
    /// Show what an adoption would do if its turn were now: its price, to whom every slot would go, what it unlocks
    Adoption(adoption::Adoption),
    /// Show what a plan would have made of the whole journal, instead of the plans that were used
    Plan(plan::Plan),
}

/// Carries out a subcommand.
pub async fn run(simulate: Simulate, context: &Context) -> Result<Outcome> {
    match simulate {
        Simulate::Adoption(adoption) => adoption::run(adoption, context).await,
        Simulate::Plan(plan) => plan::run(plan, context).await,
    }
}
