//! `contribctl recalculate`: the whole journal carried out again, beside all that is stored of it.

use clap::Args;
use persistence::leadership::Leadership;
use persistence::locks;
use runtime::ExposeSecret;
use serde::Serialize;

use crate::recalculate::{self, Difference, Found, apply};
use crate::{Context, Error, Outcome, Result};

/// Where to look when the ledger itself differs.
const RUNBOOK: &str = "docs/runbooks/ledger-differs.md";

/// Carries the journal out again, from nothing and in memory, and shows what is stored otherwise.
#[derive(Debug, Args)]
#[command(after_help = "\
Compares, in one snapshot of the database while the service goes on:
  ledger lines         every column that says what, not when, against what each entry must give
  account balances     against the sums of those lines; effective contribution on the business day
  account counts       against the newest entry that changed them
  system accounts      against the sums of their lines
  marks                of adoptions (distributed) and users (calculated) against what was carried out
  daily amounts        by account and day, against the lines that the roll has added up
  missed amounts       by day, reason and account, against the unallocated lines
  team statistics      by account and day, against the journal

--apply writes all of these anew where they differ; each account whose balances or counts differ gets a
new version and a ContributionCalculated event. Workers may run meanwhile; while the business day is rolled nothing is
rebuilt. It may be stopped and repeated at any time. The journal and its lines are never written: if
one of them differs nothing is rebuilt, and docs/runbooks/ledger-differs.md says what to do.

Exit codes: 0 nothing differs, or all that differed was rebuilt; 1 something differs.")]
pub struct Recalculate {
    /// Rebuild what follows from the lines, after showing what differs
    #[arg(long, conflicts_with = "from")]
    apply: bool,
    /// Compare the lines of the entries from this one on, and no sums
    #[arg(long, value_name = "SEQ", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    from: i64,
    /// Print {differences: [{kind, checked, differing, examples}], rebuilt} instead of a table
    #[arg(long)]
    json: bool,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Report<'a> {
    differences: &'a [&'a Difference],
    #[serde(skip_serializing_if = "Option::is_none")]
    rebuilt: Option<Rebuilt>,
}

#[derive(Serialize)]
struct Rebuilt {
    accounts: u64,
    system_accounts: u64,
    adoptions: u64,
    users: u64,
    /// Accounts whose daily amounts were rebuilt.
    daily: u64,
    /// Days whose missed amounts were.
    missed: u64,
    /// Accounts whose team statistics were.
    team: u64,
}

/// Compares, shows what differs, and rebuilds it where that was asked for and is possible.
pub async fn run(args: Recalculate, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let alone = if args.apply { Some(alone(context).await?) } else { None };
    let found = recalculate::run(&pool, args.from).await?;
    if !args.json {
        show(&found, args.from);
    }
    let may_rebuild = args.apply && found.differences.any() && !found.differences.in_the_ledger();
    let rebuilt = if may_rebuild {
        Some(apply::run(&pool, &found, context.settings.relay.shards).await?)
    } else {
        None
    };
    if let Some(alone) = alone {
        alone.close().await?;
    }
    if args.json {
        print_json(&found, rebuilt.as_ref())?;
    } else if let Some(rebuilt) = &rebuilt {
        answer!(
            "\nrebuilt: {} accounts with new versions and events, {} system accounts, {} adoptions, {} users; \
             daily amounts of {} accounts, missed amounts of {} days, team statistics of {} accounts",
            rebuilt.accounts,
            rebuilt.system,
            rebuilt.adoptions,
            rebuilt.users,
            rebuilt.daily,
            rebuilt.missed,
            rebuilt.team
        );
    }
    if rebuilt.as_ref().is_some_and(|rebuilt| rebuilt.roll_began) {
        eprintln!("contribctl: the business day is being rolled: run this again when that is done");
    }
    let done = rebuilt.is_some_and(|rebuilt| !rebuilt.roll_began);
    Ok(if done || !found.differences.any() { Outcome::Good } else { Outcome::Bad })
}

/// The lock without which two could add the same correction.
async fn alone(context: &Context) -> Result<Leadership> {
    let mut session = Leadership::open(context.settings.database.url.expose_secret()).await?;
    if session.try_hold(locks::RECALCULATION).await? {
        Ok(session)
    } else {
        Err(Error::Usage("another `contribctl recalculate --apply` is at work".to_owned()))
    }
}

fn show(found: &Found, from: i64) {
    answer!("  {:<24}{:>14}{:>12}", "", "compared", "different");
    let all = found.differences.all();
    // from a later entry on there are no sums to compare
    let shown = if from == 1 { all.len() } else { 2 };
    for difference in &all[..shown] {
        answer!("{difference}");
    }
    if found.differences.in_the_ledger() {
        answer!("\nThe ledger itself differs from the journal. Nothing was changed; see {RUNBOOK}");
    }
}

fn print_json(found: &Found, rebuilt: Option<&apply::Rebuilt>) -> Result<()> {
    let report = Report {
        differences: &found.differences.all(),
        rebuilt: rebuilt.map(|rebuilt| Rebuilt {
            accounts: rebuilt.accounts,
            system_accounts: rebuilt.system,
            adoptions: rebuilt.adoptions,
            users: rebuilt.users,
            daily: rebuilt.daily,
            missed: rebuilt.missed,
            team: rebuilt.team,
        }),
    };
    answer!("{}", serde_json::to_string_pretty(&report).map_err(std::io::Error::from)?);
    Ok(())
}
