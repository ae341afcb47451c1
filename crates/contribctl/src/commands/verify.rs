//! `contribctl verify`: the identities of RULES section 8.

use std::collections::BTreeSet;

use clap::Args;

use crate::verify::{self, Finding, IDENTITIES};
use crate::{Context, Outcome, Result};

/// Checks that the books hold together.
#[derive(Debug, Args)]
pub struct Verify {
    /// Print an array of {identity, name, checked, discrepancies, examples} instead of a line each
    #[arg(long)]
    json: bool,
    /// Check these identities only, separated by commas
    #[arg(long, value_name = "1-9", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=9))]
    only: Vec<u8>,
}

/// Checks, prints, and is bad when one identity does not hold.
pub async fn run(args: Verify, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let only: BTreeSet<u8> =
        if args.only.is_empty() { IDENTITIES.collect() } else { args.only.into_iter().collect() };
    let findings = verify::run(&pool, &context.settings.kafka, &only).await?;
    if args.json {
        answer!("{}", serde_json::to_string_pretty(&findings).map_err(std::io::Error::from)?);
    } else {
        for finding in &findings {
            answer!("{finding}");
        }
    }
    Ok(if findings.iter().all(Finding::holds) { Outcome::Good } else { Outcome::Bad })
}
