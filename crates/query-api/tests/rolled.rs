//! What the scheduler leaves behind, as the API tells it: missed amounts, runs of jobs, the team's trees.

mod common;

use std::sync::Arc;

use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate, TimeDelta, Utc};
use common::Stand;
use domain::Amount;
use runtime::Worker;
use scheduler::{Clock, Clocks, Scheduler};
use serde_json::{Value, json};

/// Far more than a roll of one day and its statistics take.
const STEPS: usize = 100;

/// The worked example of RULES section 9, and then a day later.
async fn a_day_later() -> anyhow::Result<(Stand, NaiveDate)> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    let booked = stand.business_day().await?;
    let now = Utc::now() + TimeDelta::days(1);
    let clock: Clock = Arc::new(move || now);
    let settings = stand.database.settings(&[])?;
    let clocks = Clocks::set(Arc::clone(&clock), clock);
    let mut scheduler = Scheduler::with_clocks(stand.database.pool().clone(), &settings, clocks);
    for _ in 0..STEPS {
        scheduler.run_once().await?;
        let runs = stand.api.json("/jobs?job=team_stats").await?;
        if runs["items"][0]["finishedAt"].is_string() {
            ensure!(stand.business_day().await? == booked + Days::new(1));
            return Ok((stand, booked));
        }
    }
    anyhow::bail!("no statistics after {STEPS} steps")
}

/// The amounts of the items together.
fn sum(items: &[Value]) -> anyhow::Result<Amount> {
    items.iter().try_fold(Amount::ZERO, |sum, item| {
        let amount = Amount::parse(item["amount"].as_str().context("an amount")?)?;
        Ok(sum.checked_add(amount)?)
    })
}

#[tokio::test]
async fn what_was_missed_adds_up_however_it_is_summed() -> anyhow::Result<()> {
    let (stand, booked) = a_day_later().await?;
    let unallocated = stand.api.walk("/unallocated", 50).await?;
    let total = sum(&unallocated)?;
    ensure!(total > Amount::ZERO);

    for by in ["reason", "level"] {
        let missed = stand.api.json(&format!("/missed?by={by}&from={booked}&to={booked}")).await?;
        let items = missed["items"].as_array().context("items")?;
        assert_eq!(sum(items)?, total, "{missed}");
        let lines: i64 = items.iter().filter_map(|item| item["lines"].as_i64()).sum();
        assert_eq!(lines, i64::try_from(unallocated.len())?);
    }
    // in pages of one, of whom there is somebody to name
    let by_account = stand.api.walk("/missed?by=account", 1).await?;
    for missed in &by_account {
        let own: Vec<Value> = unallocated
            .iter()
            .filter(|line| line["wouldBeAccountSequence"] == missed["accountSequence"])
            .cloned()
            .collect();
        assert_eq!(sum(&own)?, sum(std::slice::from_ref(missed))?, "{missed}");
    }
    let named = unallocated.iter().filter(|line| line["wouldBeAccountSequence"].is_string());
    assert_eq!(sum(&by_account)?, sum(&named.cloned().collect::<Vec<_>>())?);

    let text = stand.api.get("/missed.csv?by=account").await?.text().await?;
    let rows = by_account.iter().map(|missed| {
        let text = |member: &str| missed[member].as_str().unwrap_or("?").to_owned();
        format!(",,{},{},{}", text("accountSequence"), text("amount"), missed["lines"])
    });
    assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), rows.collect::<Vec<_>>());

    let after = booked + Days::new(1);
    assert_eq!(stand.api.json(&format!("/missed?from={after}")).await?["items"], json!([]));
    let (status, problem) = stand.api.problem(&format!("/missed?from={after}&to={booked}")).await?;
    assert_eq!((status, &problem["parameter"]), (400, &json!("to")));
    stand.close().await
}

#[tokio::test]
async fn runs_of_jobs_and_the_trees_of_the_team_are_told() -> anyhow::Result<()> {
    let (stand, booked) = a_day_later().await?;
    let runs = stand.api.walk("/jobs", 1).await?;
    let ids: Vec<i64> = runs.iter().filter_map(|run| run["id"].as_i64()).collect();
    assert!(ids.is_sorted_by(|one, next| one > next), "newest first: {ids:?}");
    for (job, day) in [("roll", booked + Days::new(1)), ("team_stats", booked)] {
        let of_job = stand.api.json(&format!("/jobs?job={job}")).await?;
        let run = &of_job["items"][0];
        assert_eq!((&run["job"], &run["day"], &run["error"]), (&json!(job), &json!(day), &Value::Null));
        assert!(run["startedAt"].is_string() && run["finishedAt"].is_string(), "{run}");
    }
    assert_eq!(stand.api.problem("/jobs?job=nothing").await?.1["code"], "invalid_value");

    // A stands above B with two trees and C with one
    let team = stand.api.json("/contributions/A/team").await?;
    assert_eq!(team["treesOn"], json!(booked));
    let trees: Vec<&Value> =
        team["levels"].as_array().context("levels")?.iter().map(|l| &l["trees"]).collect();
    assert_eq!(trees[..3], [&json!(2), &json!(1), &json!(0)]);
    stand.close().await
}
