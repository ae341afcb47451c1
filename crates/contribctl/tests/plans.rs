//! `contribctl plan`: what is refused, what a plan changes, and what it leaves alone.

mod support;

use serde_json::Value;
use sqlx::Executor;
use support::books::{Books, TODAY};
use support::plan_file::PlanFile;
use support::{all, contribctl, failed, stdout};
use testkit::synced::{self, Adoption};

const TOMORROW: &str = "2026-06-16";

/// Adds a plan and says what was answered.
fn add(books: &Books, file: &PlanFile, flags: &[&str]) -> anyhow::Result<(Option<i32>, String)> {
    let arguments = [&["plan", "add", file.path(), "--by", "Wang"], flags].concat();
    let output = contribctl(&arguments, &books.variables())?;
    Ok((output.status.code(), all(&output)))
}

fn list(books: &Books) -> anyhow::Result<Vec<Value>> {
    let output = contribctl(&["plan", "list", "--json"], &books.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The one text that a query gives.
async fn text(books: &Books, query: &'static str) -> anyhow::Result<String> {
    Ok(sqlx::query_scalar(query).fetch_one(books.pool()).await?)
}

/// The seed's tables, as one text.
async fn shown(books: &Books) -> anyhow::Result<String> {
    text(
        books,
        "SELECT concat_ws(' ', (SELECT base_contribution::float8 FROM contribution_configs WHERE is_active),
             (SELECT string_agg(rate_type || '=' || rate_value::float8, ' ' ORDER BY rate_type)
              FROM distribution_rate_configs),
             (SELECT string_agg(account_type, ',' ORDER BY account_type) FROM system_accounts
              WHERE contribution_never_expires))",
    )
    .await
}

fn assert_verified(books: &Books) -> anyhow::Result<()> {
    let output = contribctl(&["verify", "--json", "--only", "1,2,3,4,5,6,8,9"], &books.variables())?;
    assert_eq!((failed(&output)?, output.status.code()), (vec![], Some(0)), "{}", all(&output));
    Ok(())
}

#[tokio::test]
async fn the_file_that_help_shows_is_plan_1() -> anyhow::Result<()> {
    let books = Books::open().await?;
    let file = PlanFile::with(&[])?;
    let output = contribctl(&["plan", "check", file.path()], &books.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let answer = stdout(&output);
    assert!(answer.contains("unlike plan 1, which is in force:\n  nothing\n"), "{answer}");
    assert!(
        answer.contains("applies to adoptions from the beginning of time; the business day is 2026-06-15")
    );
    for (trees, price) in [("0", "22617"), ("999", "22617"), ("1000", "22684.851"), ("1100", "22752.702")] {
        let row = answer.lines().find(|line| line.split_whitespace().next() == Some(trees));
        assert!(row.is_some_and(|row| row.contains(&format!(" {price}"))), "{trees}: {answer}");
    }
    assert_eq!(list(&books)?.len(), 1, "nothing was added");
    books.close().await
}

#[tokio::test]
async fn a_plan_that_breaks_a_rule_is_refused() -> anyhow::Result<()> {
    let books = Books::open().await?;
    let refused = [
        ("personal = \"0.70\"", "personal = \"0.71\"", "the rates sum to 1010000 millionths"),
        ("city = \"0.02\"", "city = \"-0.02\"", "the rate CITY is negative"),
        ("city = \"0.02\"", "city = 0.02", "invalid type: floating point"),
        ("city = \"0.02\"", "city = \"0.0200001\"", "more decimal places"),
        ("unit_size = 100", "unit_size = 0", "unit_size is below 1"),
        ("start_tree_number = 1000", "start_tree_number = -1", "start_tree_number is negative"),
        ("\"0.003\"", "\"-0.003\"", "increment_percentage is negative"),
        ("\"0.003\"", "\"10000\"", "increment_percentage is not below 10000"),
        ("\"22617\"", "\"0\"", "is not above zero"),
        ("[5, 10, 15]", "[5, 10, 16]", "beyond 15"),
        ("[5, 10, 15]", "[10, 5, 15]", "negative or fall"),
        ("[2, 4]", "[2, 4, 6]", "4 bonus tiers"),
        ("term_years = 2", "term_years = 0", "term_years is below 1"),
        ("term_years = 2", "term_years = 300000", "would never come to expire"),
        ("\"CITY\"", "\"TOWN\"", "unknown variant `TOWN`"),
        ("term_years = 2", "term = 2", "unknown field `term`"),
    ];
    for (from, to, why) in refused {
        let file = PlanFile::with(&[(from, to)])?;
        for arguments in [&["plan", "check"][..], &["plan", "add", "--yes", "--by", "Wang", "--retroactive"]]
        {
            let output = contribctl(&[arguments, &[file.path()]].concat(), &books.variables())?;
            assert_eq!(output.status.code(), Some(2), "{to}: {}", all(&output));
            assert!(all(&output).contains(why), "{to}: {}", all(&output));
        }
    }
    let missing = contribctl(&["plan", "check", "/no/such/file"], &books.variables())?;
    assert_eq!(missing.status.code(), Some(2), "{}", all(&missing));
    assert_eq!(list(&books)?.len(), 1);
    books.close().await
}

#[tokio::test]
async fn a_plan_from_tomorrow_decides_what_is_dated_tomorrow() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let before = shown(&books).await?;
    let file = PlanFile::from(TOMORROW)?;
    let (code, answer) = add(&books, &file, &[])?;
    assert_eq!(code, Some(0), "{answer}");
    assert!(answer.contains("nothing was added"), "{answer}");
    assert_eq!(list(&books)?.len(), 1);
    let (code, answer) = add(&books, &file, &["--yes"])?;
    assert_eq!(code, Some(0), "{answer}");
    assert!(answer.contains("plan 2 was added; it applies from 2026-06-16"), "{answer}");
    assert_eq!(shown(&books).await?, before, "plan 1 is still in force");

    synced::adoption(books.pool(), &Adoption::new("A", TODAY, 20)).await?;
    synced::adoption(books.pool(), &Adoption::new("A", TOMORROW.parse()?, 21)).await?;
    books.keep().await?;
    let decided = text(
        &books,
        "SELECT string_agg(plan_version || ':' || base_amount::float8, ' ' ORDER BY distribution_seq)
         FROM distribution_journal WHERE distribution_seq > 4",
    );
    assert_eq!(decided.await?, "1:22617 2:30000");
    let lines = text(
        &books,
        "SELECT string_agg(amount::float8::text, ' ' ORDER BY slot) FROM contribution_records WHERE distribution_seq = 6",
    );
    assert_eq!(lines.await?, "16500 450", "personal 0.55, and R's level 1 0.015");
    let plans = list(&books)?;
    let entries: Vec<_> = plans.iter().map(|plan| (&plan["entries"], &plan["in_force"])).collect();
    assert_eq!(entries, [(&5.into(), &true.into()), (&1.into(), &false.into())]);
    assert_verified(&books)?;
    books.close().await
}

#[tokio::test]
async fn a_retroactive_plan_has_to_be_meant_and_leaves_numbered_entries_alone() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    synced::adoption(books.pool(), &Adoption::new("Z", TODAY, 30)).await?; // waits for Z's referral
    books.keep().await?;
    let file = PlanFile::from("2026-06-01")?;
    for flags in [&[][..], &["--yes"]] {
        let (code, answer) = add(&books, &file, flags)?;
        assert_eq!(code, Some(2), "{answer}");
        assert!(answer.contains("--retroactive"), "{answer}");
    }
    assert_eq!(list(&books)?.len(), 1);
    let (code, answer) = add(&books, &file, &["--yes", "--retroactive"])?;
    assert_eq!(code, Some(0), "{answer}");
    assert!(answer.contains("the 4 entries numbered so far keep the plans they have"), "{answer}");
    assert!(answer.contains("not numbered yet that it would decide: 1 (1 waiting)"), "{answer}");
    assert!(answer.contains("plan 2 was added and is in force"), "{answer}");
    assert_eq!(
        shown(&books).await?,
        "30000 BONUS_PER=0.025 CITY=0.02 LEVEL_PER=0.015 OPERATION=0.12 PERSONAL=0.55 PROVINCE=0.01 \
         CITY,OPERATION,PROVINCE"
    );
    let audited = text(
        &books,
        "SELECT who || ' ' || action || ' ' || (details::json #>> '{plan,version}') || ' ' || (details::json ->> 'retroactive') FROM audit_log",
    );
    assert_eq!(audited.await?, "Wang plan.add 2 true");

    synced::referral(books.pool(), "Z", Some("A")).await?;
    books.keep().await?;
    let decided = text(
        &books,
        "SELECT string_agg(plan_version::text, ' ' ORDER BY distribution_seq) FROM distribution_journal",
    );
    assert_eq!(decided.await?, "1 1 1 1 2");
    let headquarters = text(
        &books,
        "SELECT coalesce(expire_date::text, 'never') FROM system_contribution_records
         WHERE distribution_seq = 5 AND slot = 23",
    );
    assert_eq!(headquarters.await?, "2028-06-16");
    assert_verified(&books)?;
    books.close().await
}

#[tokio::test]
async fn a_plan_that_an_entry_used_never_changes() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let (code, answer) = add(&books, &PlanFile::from(TOMORROW)?, &["--yes"])?;
    assert_eq!(code, Some(0), "{answer}");
    books.pool().execute("UPDATE plans SET term_years = 3 WHERE version = 2").await?;
    synced::adoption(books.pool(), &Adoption::new("A", TOMORROW.parse()?, 40)).await?;
    books.keep().await?;
    for change in [
        "UPDATE plans SET term_years = 2 WHERE version = 2",
        "DELETE FROM plans WHERE version = 2",
        "UPDATE plans SET applies_from = '2026-01-01' WHERE version = 1",
    ] {
        let refused = books.pool().execute(change).await.expect_err(change);
        let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code);
        assert_eq!(code.as_deref(), Some("23001"), "{change}: {refused}");
    }
    assert_verified(&books)?;
    books.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_added_at_the_same_time_come_one_after_the_other() -> anyhow::Result<()> {
    let books = Books::open().await?;
    let variables = books.variables();
    let adding = ["2026-07-01", "2026-08-01", "2026-09-01"].map(|date| {
        let variables = variables.clone();
        tokio::task::spawn_blocking(move || {
            let file = PlanFile::from(date)?;
            contribctl(&["plan", "add", file.path(), "--yes", "--by", "Wang"], &variables)
        })
    });
    for added in adding {
        let output = added.await??;
        assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    }
    let versions: Vec<_> = list(&books)?.iter().map(|plan| plan["version"].as_i64()).collect();
    assert_eq!(versions, [1, 2, 3, 4].map(Some));
    books.close().await
}
