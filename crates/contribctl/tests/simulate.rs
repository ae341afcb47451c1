//! `contribctl simulate`: what it says is what happens when it is done, and nothing is written.

mod support;

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::Executor;
use support::books::{Books, TODAY};
use support::plan_file::PlanFile;
use support::{all, contribctl, stdout};
use testkit::synced::{self, Adoption};

fn simulate(books: &Books, arguments: &[&str]) -> anyhow::Result<Value> {
    let output = contribctl(&[&["simulate"], arguments, &["--json"]].concat(), &books.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The stored total of each account that has lines.
async fn totals(books: &Books) -> anyhow::Result<BTreeMap<String, String>> {
    let query = "SELECT account_sequence, total_contribution::text FROM contribution_accounts a
         WHERE EXISTS (SELECT FROM contribution_records r WHERE r.account_sequence = a.account_sequence)";
    let rows: Vec<(String, String)> = sqlx::query_as(query).fetch_all(books.pool()).await?;
    Ok(rows.into_iter().collect())
}

/// The accounts named in a comparison, with their totals by one side.
fn compared(found: &Value, side: &str) -> BTreeMap<String, String> {
    let named = ["gainers", "losers"].into_iter().filter_map(|list| found[list].as_array()).flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    named.map(|account| (text(&account["accountSequence"]), text(&account[side]["total"]))).collect()
}

#[tokio::test]
async fn an_adoption_does_what_was_said() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    books.eventful_life().await?;
    for (nth, account) in (50..).zip(["F", "G", "C", "R"]) {
        let before = totals(&books).await?;
        let said = simulate(&books, &["adoption", "--account", account, "--trees", "1"])?;
        assert_eq!(said["outcome"], "distributed", "{said}");
        assert_eq!(totals(&books).await?, before, "nothing is written");
        synced::adoption(books.pool(), &Adoption::new(account, TODAY, nth)).await?;
        books.keep().await?;
        let done: Vec<(i16, String, String)> = sqlx::query_as(
            "SELECT slot, amount::text, account_sequence FROM contribution_records
             WHERE distribution_seq = (SELECT last_seq FROM sequencer_state) ORDER BY slot",
        )
        .fetch_all(books.pool())
        .await?;
        let slots = said["slots"].as_array().into_iter().flatten();
        let said: Vec<_> = slots.filter(|slot| !slot["accountSequence"].is_null()).collect();
        assert_eq!(said.len(), done.len(), "{account}");
        for (said, (slot, amount, to)) in said.into_iter().zip(done) {
            assert_eq!(said["slot"], slot);
            assert_eq!(
                (said["amount"].as_str(), said["accountSequence"].as_str()),
                (Some(&*amount), Some(&*to))
            );
        }
    }
    books.close().await
}

#[tokio::test]
async fn an_adoption_that_would_not_be_distributed_says_why() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let says = |arguments: &[&str], words: &str| {
        let output = contribctl(&[&["simulate", "adoption"], arguments].concat(), &books.variables())?;
        assert!(stdout(&output).contains(words), "{arguments:?}: {}", all(&output));
        anyhow::Ok(())
    };
    says(&["--account", "Z", "--trees", "1"], "it would wait: MISSING_REFERRAL: Z")?;
    says(
        &["--account", "B", "--trees", "1", "--date", "2026-06-17"],
        "it would wait: FUTURE_DATE: 2026-06-17",
    )?;
    says(&["--account", "B", "--trees", "-1"], "as an anomaly: TREE_COUNT: -1")?;
    says(&["--account", "B", "--trees", "1", "--price", "-5"], "as an anomaly: PRICE_NOT_POSITIVE")?;
    says(&["--account", "B", "--trees", "1", "--price", "0.00000000001"], "as an anomaly: PRICE_UNSTORABLE")?;
    says(&["--account", "R", "--trees", "2", "--price", "10"], "2 trees × 10.0000000000 (as named)")?;
    says(&["--account", "R", "--trees", "2"], "R: direct 1, levels 5, bonus tiers 0 → 1")?;
    says(&["--account", "R", "--trees", "2"], "nobody: NO_REFERRER: tier 3")?;
    let output = contribctl(
        &["simulate", "adoption", "--account", "B", "--trees", "1", "--price", "1e3"],
        &books.variables(),
    )?;
    assert_eq!(output.status.code(), Some(2), "{}", all(&output));
    books.close().await
}

#[tokio::test]
async fn the_plan_in_force_changes_nothing() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    books.eventful_life().await?;
    let file = PlanFile::with(&[])?;
    let found = simulate(&books, &["plan", file.path()])?;
    assert_eq!((&found["gaining"], &found["losing"]), (&0.into(), &0.into()), "{found}");
    assert_eq!(found["unchanged"], totals(&books).await?.len());
    assert_eq!((&found["repricedEntries"], &found["planVersion"]), (&0.into(), &2.into()));
    assert_eq!(found["base"]["used"], found["base"]["simulated"]);
    let nobody_gains = contribctl(&["simulate", "plan", file.path()], &books.variables())?;
    assert!(stdout(&nobody_gains).contains("0 accounts gain, 0 lose"), "{}", all(&nobody_gains));
    books.close().await
}

#[tokio::test]
async fn a_simulated_plan_gives_what_it_gives_where_it_decides() -> anyhow::Result<()> {
    let file = PlanFile::from("2026-06-01")?;
    let mut used = Books::open().await?;
    used.worked_example().await?;
    used.eventful_life().await?;
    let found = simulate(&used, &["plan", file.path(), "--top", "1000"])?;
    assert_eq!(compared(&found, "used"), totals(&used).await?);

    let mut right = Books::open().await?;
    let change = "UPDATE plans SET personal = 0.55, level_per = 0.015, base_contribution = 30000,
        never_expiring = '{OPERATION,PROVINCE,CITY}'";
    right.pool().execute(change).await?;
    right.worked_example().await?;
    right.eventful_life().await?;
    assert_eq!(compared(&found, "simulated"), totals(&right).await?);
    let balances = "SELECT contribution_balance::text, effective_balance::text FROM system_accounts
        ORDER BY id";
    let balances: Vec<(String, String)> = sqlx::query_as(balances).fetch_all(right.pool()).await?;
    for (kind, (balance, effective)) in found["systemAccounts"].as_array().into_iter().flatten().zip(balances)
    {
        let simulated = &kind["simulated"];
        assert_eq!(
            (simulated["total"].as_str(), simulated["effective"].as_str()),
            (Some(&*balance), Some(&*effective)),
            "{kind}"
        );
    }

    // from a date on: what is older keeps its plan
    let later = simulate(&used, &["plan", file.path(), "--from", "2026-06-16", "--top", "1000"])?;
    assert_eq!(later["simulatedEntries"], 1, "the one of tomorrow");
    right.close().await?;
    used.close().await
}
