//! `contribctl plan add`: the next version of the plan.
//!
//! Guarantees that every entry is numbered, and every count written, either before the plan or with it in sight.
//! Transaction: one, from the look at the books to the audit log. Locks: the sequencer's state → the business day
//! (alone, so that no worker is under way) → what shows the plan in force, the system accounts last. About twelve round
//! trips; nothing is printed meanwhile.

use std::path::PathBuf;

use chrono::{NaiveDate, Utc};
use clap::Args;
use domain::Plan;
use persistence::{PgConnection, PgPool, audit_log, locks, plans, views};
use serde::Serialize;

use super::PlanFile;
use super::prospect::{Prospect, since};
use crate::{Context, Error, Outcome, Result};

/// Adds a plan.
#[derive(Debug, Args)]
pub struct Add {
    /// The plan, as TOML (see contribctl plan --help)
    file: PathBuf,
    /// The plan may apply from a day that has begun; entries that are numbered keep their plans
    #[arg(long)]
    retroactive: bool,
    /// Add it; once an entry has used it, it never changes
    #[arg(long)]
    yes: bool,
    /// Who adds it, for the audit log
    #[arg(long, env = "USER", value_name = "NAME")]
    by: Option<String>,
}

/// Shows what the plan means, and adds it with `--yes`.
pub(super) async fn run(add: Add, context: &Context) -> Result<Outcome> {
    let file = PlanFile::read(&add.file)?;
    let pool = context.database()?;
    if !add.yes {
        let prospect = Prospect::read(&mut *views::snapshot(&pool).await?, file).await?;
        prospect.check_retroactive(add.retroactive)?;
        answer!("{prospect}\nnothing was added: repeat with --yes");
        return Ok(Outcome::Good);
    }
    let who = add.by.filter(|name| !name.is_empty());
    let who = who.ok_or_else(|| Error::Usage("nobody is named who adds the plan: --by NAME".to_owned()))?;
    let prospect = append(&pool, file, add.retroactive, &who).await?;
    let version = prospect.plan.version;
    answer!("{prospect}");
    if prospect.comes_into_force() {
        answer!("plan {version} was added and is in force");
    } else {
        answer!("plan {version} was added; it applies from {}", since(prospect.plan.applies_from));
    }
    Ok(Outcome::Good)
}

async fn append(pool: &PgPool, file: PlanFile, retroactive: bool, who: &str) -> Result<Prospect> {
    let mut transaction = pool.begin().await.map_err(persistence::Error::from)?;
    plans::lock_numbering(&mut transaction).await?;
    locks::hold(&mut transaction, locks::BUSINESS_DAY).await?;
    let prospect = Prospect::read(&mut transaction, file).await?;
    prospect.check_retroactive(retroactive)?;
    write(&mut transaction, &prospect, who).await?;
    transaction.commit().await.map_err(persistence::Error::from)?;
    Ok(prospect)
}

async fn write(connection: &mut PgConnection, prospect: &Prospect, who: &str) -> Result<()> {
    let (plan, at) = (&prospect.plan, Utc::now());
    plans::insert(connection, plan, at).await?;
    audit_log::record(connection, who, "plan.add", &details(prospect)?, at).await?;
    if prospect.comes_into_force() {
        plans::show_in_force(connection, plan, at).await?;
    }
    Ok(())
}

/// What whoever reads the audit log cannot look up any more, and the whole plan.
fn details(prospect: &Prospect) -> Result<String> {
    let Prospect { plan, day, .. } = prospect;
    let details = Details { business_day: *day, retroactive: plan.is_retroactive(*day), plan };
    Ok(serde_json::to_string(&details).map_err(std::io::Error::from)?)
}

/// As it stands in the audit log.
#[derive(Debug, Serialize)]
struct Details<'a> {
    business_day: NaiveDate,
    retroactive: bool,
    plan: &'a Plan,
}
