//! `contribctl plan list`: the plans there are.

use chrono::{DateTime, Utc};
use clap::Args;
use domain::{Plan, PlanVersion};
use persistence::{business_day, plans, views};
use serde::Serialize;

use super::prospect::since;
use crate::{Context, Outcome, Result};

/// Lists the plans.
#[derive(Debug, Args)]
pub struct List {
    /// Print an array of whole plans
    #[arg(long)]
    json: bool,
}

/// A plan, and what it is to the books.
#[derive(Debug, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    created_at: DateTime<Utc>,
    /// It decides adoptions of the business day.
    in_force: bool,
    /// Entries that used it; of plan 1 all that no other plan decided, referral moves included.
    entries: i64,
}

/// Prints the plans in the order of their versions.
pub(super) async fn run(list: &List, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let mut snapshot = views::snapshot(&pool).await?;
    let all = plans::all(&mut snapshot).await?;
    let in_force = all.for_date(business_day::read(&mut snapshot).await?).version;
    let usage = plans::usage(&mut snapshot).await?;
    let rows: Vec<Row<'_>> = usage
        .into_iter()
        .filter_map(|usage| {
            let plan = all.version(usage.version)?;
            let in_force = plan.version == in_force;
            Some(Row { plan, created_at: usage.created_at, in_force, entries: usage.entries })
        })
        .collect();
    if list.json {
        answer!("{}", serde_json::to_string_pretty(&rows).map_err(std::io::Error::from)?);
        return Ok(Outcome::Good);
    }
    answer!(
        "{:>4}  {:<22}{:<21}{:<9}{:>12}  {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "plan",
        "applies from",
        "added (UTC)",
        "in force",
        "entries",
        "personal",
        "operation",
        "province",
        "city",
        "level",
        "bonus"
    );
    for row in &rows {
        answer!("{}", line(row));
    }
    if all.version(PlanVersion(1)).is_some() {
        answer!("entries of plan 1: all that no other plan decided, referral moves included");
    }
    Ok(Outcome::Good)
}

fn line(row: &Row<'_>) -> String {
    let rates = &row.plan.rates;
    let rates =
        [rates.personal, rates.operation, rates.province, rates.city, rates.level_per, rates.bonus_per];
    let rates: Vec<String> = rates.map(|rate| format!("{:>9}", rate.to_string())).into();
    format!(
        "{:>4}  {:<22}{:<21}{:<9}{:>12}  {}",
        row.plan.version,
        since(row.plan.applies_from),
        row.created_at.format("%Y-%m-%d %H:%M:%S"),
        if row.in_force { "yes" } else { "" },
        row.entries,
        rates.join(" ")
    )
}
