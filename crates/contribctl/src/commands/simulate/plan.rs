//! `contribctl simulate plan`: another plan on everything the journal holds, streamed once in its order.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;
use domain::simulation::comparison::{AccountComparison, Compared, KindComparison};
use domain::{Amount, JournalComparison, SimulationError};
use persistence::simulation::JournalWalk;
use persistence::{PgConnection, business_day, plans, verify};

use super::super::plan::PlanFile;
use crate::{Context, Error, Outcome, Progress, Result};

/// Simulates a plan.
#[derive(Debug, Args)]
pub struct Plan {
    /// The plan, as TOML (see contribctl plan --help); from when it applies plays no part
    file: PathBuf,
    /// Only for adoptions of this date and later; earlier ones keep their plans
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Name so many accounts that gain, and so many that lose
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Prints what every kind of share and the accounts would have.
pub(super) async fn run(args: Plan, context: &Context) -> Result<Outcome> {
    let file = PlanFile::read(&args.file)?;
    let pool = context.database()?;
    let mut snapshot = verify::begin(&pool).await?;
    verify::plan_each_statement(&mut snapshot).await?;
    let found = simulate(&mut snapshot, file, args.from, args.top).await?;
    if args.json {
        answer!("{}", serde_json::to_string_pretty(&found).map_err(std::io::Error::from)?);
    } else {
        describe(&found);
    }
    Ok(Outcome::Good)
}

async fn simulate(
    connection: &mut PgConnection,
    file: PlanFile,
    from: Option<NaiveDate>,
    top: usize,
) -> Result<JournalComparison> {
    let day = business_day::read(connection).await?;
    let plans = plans::all(connection).await?;
    let plan = file.into_next(&plans, day)?;
    let mut walk = JournalWalk::begin(connection, &plan, &plans, from).await?;
    let progress = Progress::of(u64::try_from(walk.last).unwrap_or(0), "simulate");
    loop {
        let entries = walk.go_on(connection).await?.map_err(refused)?;
        if entries == 0 {
            progress.done();
            return walk.finish(top).map_err(refused);
        }
        progress.add(entries);
    }
}

/// The journal contradicts itself, or the plan could not have been carried out.
fn refused(error: SimulationError) -> Error {
    match error {
        SimulationError::NoPlan { .. } | SimulationError::Tiers(_) => {
            persistence::Error::corrupt(error).into()
        }
        other => Error::Usage(format!("the plan could not have been carried out: {other}")),
    }
}

fn describe(found: &JournalComparison) {
    let scope = found.from.map_or_else(String::new, |from| format!(", for adoptions from {from} on"));
    answer!("the whole journal under plan {}{scope}; effective on {}", found.plan_version, found.day);
    answer!(
        "{} entries with amounts, {} of them under the plan, {} with another price",
        found.entries,
        found.simulated_entries,
        found.repriced_entries
    );
    answer!("\n{:<22}{:>26} {:>26} {:>26}", "", "as it is", "under the plan", "difference");
    row("base", found.base.used, found.base.simulated);
    for kind in found.accounts.iter().chain(&found.system_accounts) {
        kind_row(kind);
    }
    answer!("of HEADQUARTERS:");
    for kind in &found.unallocated {
        kind_row(kind);
    }
    answer!("\n{} accounts gain, {} lose, {} have the same", found.gaining, found.losing, found.unchanged);
    accounts("who gains most", &found.gainers);
    accounts("who loses most", &found.losers);
}

fn kind_row(kind: &KindComparison) {
    let Compared { used, simulated } = kind.sums;
    row(kind.kind, used.total, simulated.total);
    if used.total != used.effective || simulated.total != simulated.effective {
        row("  effective", used.effective, simulated.effective);
    }
}

fn accounts(title: &str, accounts: &[AccountComparison]) {
    if accounts.is_empty() {
        return;
    }
    answer!("{title}:");
    for AccountComparison { account_sequence, sums: Compared { used, simulated }, .. } in accounts {
        row(account_sequence.as_str(), used.total, simulated.total);
        if used.total != used.effective || simulated.total != simulated.effective {
            row("  effective", used.effective, simulated.effective);
        }
    }
}

fn row(name: &str, used: Amount, simulated: Amount) {
    // sums of lines stay within 10^18, so does their difference
    let difference = simulated.checked_sub(used).map_or_else(|error| error.to_string(), |by| by.to_string());
    answer!("{name:<22}{:>26} {:>26} {difference:>26}", used.to_string(), simulated.to_string());
}
