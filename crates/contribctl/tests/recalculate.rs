//! `contribctl recalculate`, `calculate` and `process`: right books stay as they are, what only follows from the lines
//! is rebuilt, and a line is never touched.

mod support;

use std::collections::HashMap;
use std::process::Output;

use anyhow::Context;
use serde_json::Value;
use sqlx::{Executor, PgPool};
use support::books::{Books, TODAY};
use support::{all, contribctl, failed, stdout};
use testkit::synced::{self, Adoption};

const WITHOUT_EVENTS: &str = "1,2,3,4,5,6,8,9";
/// One text that changes with any row of the ledger and the journal.
const LEDGER: &str = "SELECT concat_ws(' ',
    (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM contribution_records t),
    (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM system_contribution_records t),
    (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM unallocated_contributions t),
    (SELECT md5(string_agg(t::text, '|' ORDER BY distribution_seq)) FROM distribution_journal t))";
const SUMS: &str = "SELECT concat_ws(' ',
    (SELECT md5(string_agg(t::text, '|' ORDER BY account_sequence)) FROM contribution_accounts t),
    (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM system_accounts t))";

/// Eventful books, with users for the accounts.
async fn books() -> anyhow::Result<Books> {
    let mut books = Books::open().await?;
    let users = "INSERT INTO synced_users (account_sequence, original_user_id, source_sequence_num)
        SELECT name, gen_random_uuid(), 1 FROM UNNEST('{R,A,B,C,D,E,F,G}'::text[]) AS name";
    books.pool().execute(users).await?;
    books.worked_example().await?;
    books.eventful_life().await?;
    Ok(books)
}

async fn text(pool: &PgPool, query: &'static str) -> anyhow::Result<String> {
    Ok(sqlx::query_scalar(query).fetch_one(pool).await?)
}

/// How many differ, by kind.
fn differing(output: &Output) -> anyhow::Result<HashMap<String, u64>> {
    let report: Value = serde_json::from_slice(&output.stdout).with_context(|| all(output))?;
    let kinds = report["differences"].as_array().context("no differences")?;
    let differing = |kind: &Value| Some((kind["kind"].as_str()?.to_owned(), kind["differing"].as_u64()?));
    Ok(kinds.iter().filter_map(differing).filter(|(_, differing)| *differing > 0).collect())
}

#[tokio::test]
async fn right_books_are_left_alone() -> anyhow::Result<()> {
    let mut books = books().await?;
    // entries that are numbered and not carried out are nothing wrong
    synced::adoption(books.pool(), &Adoption::new("R", TODAY, 99)).await?;
    books.number().await?;
    let before = (text(books.pool(), LEDGER).await?, text(books.pool(), SUMS).await?);
    let output = contribctl(&["recalculate", "--apply"], &books.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert_eq!(stdout(&output).matches('✓').count(), 10, "{}", all(&output));
    assert_eq!(before, (text(books.pool(), LEDGER).await?, text(books.pool(), SUMS).await?));
    books.close().await
}

/// Every kind of sum, wrong in every way that a row can be.
const CORRUPTIONS: &[&str] = &[
    "UPDATE contribution_accounts SET personal_contribution = personal_contribution + 1 WHERE account_sequence = 'A'",
    "UPDATE contribution_accounts SET total_contribution = 0 WHERE account_sequence = 'B'",
    "UPDATE contribution_accounts SET effective_contribution = 7, has_adopted = FALSE WHERE account_sequence = 'C'",
    "UPDATE contribution_accounts SET unlock_seq = 1000, unlocked_level_depth = 15 WHERE account_sequence = 'D'",
    "UPDATE contribution_accounts SET direct_referral_adopted_count = 9, unlocked_bonus_tiers = 3
     WHERE account_sequence = 'R'",
    "DELETE FROM contribution_accounts WHERE account_sequence = 'E'",
    "INSERT INTO contribution_accounts (account_sequence, total_contribution) VALUES ('nobody', 5)",
    "UPDATE system_accounts SET contribution_balance = contribution_balance + 1 WHERE account_type = 'CITY'",
    "UPDATE system_accounts SET effective_balance = 0 WHERE account_type = 'HEADQUARTERS'",
    "UPDATE synced_adoptions SET contribution_distributed = FALSE, entry_seq = NULL WHERE entry_seq = 4",
    "UPDATE synced_adoptions SET contribution_distributed_at = NULL WHERE entry_seq = 3",
    "UPDATE synced_users SET contribution_calculated = NOT contribution_calculated WHERE account_sequence IN ('A', 'R')",
];

#[tokio::test]
async fn what_follows_from_the_lines_is_rebuilt() -> anyhow::Result<()> {
    let mut books = books().await?;
    let pool = books.pool().clone();
    let ledger = text(&pool, LEDGER).await?;
    let versions = "SELECT account_sequence, version FROM contribution_accounts";
    let before: HashMap<String, i64> = sqlx::query_as(versions).fetch_all(&pool).await?.into_iter().collect();
    pool.execute("DELETE FROM outbox_events").await?;
    for corruption in CORRUPTIONS {
        assert!(pool.execute(*corruption).await?.rows_affected() > 0, "{corruption}");
    }

    let shown = contribctl(&["recalculate", "--json"], &books.variables())?;
    assert_eq!(shown.status.code(), Some(1), "{}", all(&shown));
    let expected = [
        ("account balances", 5),
        ("account counts", 3),
        ("system accounts", 2),
        ("marks of adoptions", 2),
        ("marks of users", 2),
    ];
    let expected: HashMap<String, u64> =
        expected.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    assert_eq!(differing(&shown)?, expected, "{}", all(&shown));

    let applied = contribctl(&["recalculate", "--apply"], &books.variables())?;
    assert_eq!(applied.status.code(), Some(0), "{}", all(&applied));
    let again = contribctl(&["recalculate"], &books.variables())?;
    assert_eq!(again.status.code(), Some(0), "{}", all(&again));
    let verified = contribctl(&["verify", "--json", "--only", WITHOUT_EVENTS], &books.variables())?;
    assert_eq!((failed(&verified)?, verified.status.code()), (vec![], Some(0)), "{}", all(&verified));
    assert_eq!(ledger, text(&pool, LEDGER).await?);

    let events: Vec<(String, i64, String)> = sqlx::query_as(
        "SELECT aggregate_id, version, payload FROM outbox_events WHERE traceparent LIKE '00-%' ORDER BY 1",
    )
    .fetch_all(&pool)
    .await?;
    let named: Vec<&str> = events.iter().map(|(account, ..)| account.as_str()).collect();
    assert_eq!(named, ["A", "B", "C", "D", "E", "R", "nobody"]);
    let rows: HashMap<String, (i64, String)> = sqlx::query_as::<_, (String, i64, String)>(
        "SELECT account_sequence, version, total_contribution::text FROM contribution_accounts",
    )
    .fetch_all(&pool)
    .await?
    .into_iter()
    .map(|(account, version, total)| (account, (version, total)))
    .collect();
    for (account, version, payload) in events {
        let event: Value = serde_json::from_str(&payload)?;
        let (stored, total) = &rows[&account];
        assert_eq!(
            (version, event["totalContribution"].as_str()),
            (*stored, Some(total.as_str())),
            "{payload}"
        );
        // a row that was lost begins anew
        let known = before.get(&account).filter(|_| account != "E");
        assert!(known.is_none_or(|before| version > *before), "{account}: {version}");
    }
    // and the workers go on from there
    synced::adoption(&pool, &Adoption::new("E", TODAY, 120)).await?;
    books.keep().await?;
    let verified = contribctl(&["verify", "--json", "--only", WITHOUT_EVENTS], &books.variables())?;
    assert_eq!(failed(&verified)?, Vec::<u64>::new(), "{}", all(&verified));
    books.close().await
}

/// Chunks are carried out while all accounts are rebuilt: what each transaction adds counts once.
#[tokio::test]
async fn workers_may_go_on_meanwhile() -> anyhow::Result<()> {
    let mut books = books().await?;
    let pool = books.pool().clone();
    for nth in 200..380 {
        let account = ["A", "B", "C", "D", "E", "F", "G", "R"][nth % 8];
        synced::adoption(&pool, &Adoption::new(account, TODAY, nth.try_into()?)).await?;
    }
    books.number().await?;
    let open = "SELECT count(*) FROM distribution_chunks WHERE distributed_at IS NULL";
    let chunks: i64 = sqlx::query_scalar(open).fetch_one(&pool).await?;
    assert!(chunks > 50, "{chunks}");
    let variables = books.variables();
    let mut met = 0;
    while met == 0 {
        let corrupt = "UPDATE contribution_accounts SET personal_contribution = personal_contribution + 1,
            effective_contribution = 0, unlock_seq = 0, direct_referral_adopted_count = 77";
        pool.execute(corrupt).await?;
        pool.execute("UPDATE system_accounts SET contribution_balance = contribution_balance - 3").await?;
        pool.execute("UPDATE synced_users SET contribution_calculated = NOT contribution_calculated").await?;
        let before: i64 = sqlx::query_scalar(open).fetch_one(&pool).await?;
        anyhow::ensure!(before > 0, "all was carried out before a rebuilding met it");
        let apply = {
            let variables = variables.clone();
            tokio::task::spawn_blocking(move || contribctl(&["recalculate", "--apply"], &variables))
        };
        while !apply.is_finished() {
            books.carry_out_one().await?;
        }
        let output = apply.await??;
        assert_eq!(output.status.code(), Some(0), "{}", all(&output));
        let after: i64 = sqlx::query_scalar(open).fetch_one(&pool).await?;
        met = before - after;
    }
    books.keep().await?;
    for check in [&["recalculate"][..], &["verify", "--only", WITHOUT_EVENTS]] {
        let output = contribctl(check, &variables)?;
        assert_eq!(output.status.code(), Some(0), "after {met} chunks: {}", all(&output));
    }
    books.close().await
}

#[tokio::test]
async fn a_line_that_differs_is_told_and_nothing_is_rebuilt() -> anyhow::Result<()> {
    let books = books().await?;
    let pool = books.pool();
    pool.execute("UPDATE contribution_accounts SET total_contribution = 0 WHERE account_sequence = 'B'")
        .await?;
    for corruption in [
        "UPDATE contribution_records SET amount = amount + 0.0000000001 WHERE distribution_seq = 2 AND slot = 4",
        "UPDATE unallocated_contributions SET reason = NULL WHERE distribution_seq = 1 AND slot = 10",
        "UPDATE system_contribution_records SET amount = 'NaN' WHERE distribution_seq = 3 AND slot = 1",
        "DELETE FROM contribution_records WHERE distribution_seq = 3 AND slot = 5",
    ] {
        pool.execute(corruption).await?;
        let before = (text(pool, LEDGER).await?, text(pool, SUMS).await?);
        let output = contribctl(&["recalculate", "--apply"], &books.variables())?;
        assert_eq!(output.status.code(), Some(1), "{corruption}: {}", all(&output));
        assert!(stdout(&output).contains("docs/runbooks/ledger-differs.md"), "{}", all(&output));
        assert!(stdout(&output).contains("✗ ledger lines"), "{corruption}: {}", all(&output));
        assert_eq!(before, (text(pool, LEDGER).await?, text(pool, SUMS).await?), "{corruption}");
    }
    books.close().await
}

#[tokio::test]
async fn from_a_later_entry_only_its_lines_are_compared() -> anyhow::Result<()> {
    let books = books().await?;
    let corrupt = "UPDATE contribution_records SET tree_count = 9 WHERE distribution_seq = 2 AND slot = 4";
    books.pool().execute(corrupt).await?;
    let later = contribctl(&["recalculate", "--from", "3"], &books.variables())?;
    assert_eq!((later.status.code(), stdout(&later).matches('✓').count()), (Some(0), 2), "{}", all(&later));
    let all_of_it = contribctl(&["recalculate", "--json"], &books.variables())?;
    assert_eq!(differing(&all_of_it)?.into_keys().collect::<Vec<_>>(), ["ledger lines"]);
    let both = contribctl(&["recalculate", "--from", "3", "--apply"], &books.variables())?;
    assert_eq!(both.status.code(), Some(2));
    books.close().await
}

#[tokio::test]
async fn nothing_is_rebuilt_while_the_day_is_rolled() -> anyhow::Result<()> {
    let books = books().await?;
    let pool = books.pool();
    pool.execute("UPDATE contribution_accounts SET total_contribution = 0 WHERE account_sequence = 'B'")
        .await?;
    pool.execute("UPDATE business_day SET roll_phase = 'marking'").await?;
    let before = text(pool, SUMS).await?;
    let output = contribctl(&["recalculate", "--apply"], &books.variables())?;
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(all(&output).contains("being rolled"), "{}", all(&output));
    assert_eq!(before, text(pool, SUMS).await?);
    books.close().await
}

#[tokio::test]
async fn an_account_is_shown_beside_its_lines() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let calculate = |account: &str| contribctl(&["calculate", account, "--json"], &books.variables());
    let output = calculate("A")?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let shown: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(shown["summed"]["total"], "17302.0050000000");
    assert_eq!(shown["stored"], shown["summed"]);
    assert_eq!(shown["counts"]["directReferralAdoptedCount"], 1);
    assert_eq!(shown["formula"]["difference"], "0.0000000000");

    // A second direct referral unlocks a tier that R missed three times, and R adopts: one more that it missed.
    synced::referral(books.pool(), "S", Some("R")).await?;
    synced::adoption(books.pool(), &Adoption::new("R", TODAY, 20)).await?;
    synced::adoption(books.pool(), &Adoption::new("S", TODAY, 21)).await?;
    books.keep().await?;
    let output = contribctl(&["calculate", "R", "--json"], &books.variables())?;
    let shown: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(shown["counts"]["unlockedBonusTiers"], 2, "{}", all(&output));
    // A's first adoption brought R no tier: both that R has by now
    assert_eq!(shown["formula"]["difference"], "1130.8500000000", "{}", all(&output));
    assert_eq!(shown["formula"]["unlockedSince"].as_array().map(Vec::len), Some(2));

    books
        .pool()
        .execute("UPDATE contribution_accounts SET has_adopted = FALSE WHERE account_sequence = 'A'")
        .await?;
    let output = contribctl(&["calculate", "A"], &books.variables())?;
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    let unknown = contribctl(&["calculate", "stranger"], &books.variables())?;
    assert_eq!(unknown.status.code(), Some(1), "{}", all(&unknown));
    assert!(all(&unknown).contains("no user, referral or entry names"), "{}", all(&unknown));
    books.close().await
}

#[tokio::test]
async fn an_adoption_is_shown_where_it_stands() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let waiting = Adoption::new("X", TODAY, 30);
    synced::adoption(books.pool(), &waiting).await?;
    let numbered = Adoption::new("C", TODAY, 31);
    synced::adoption(books.pool(), &numbered).await?;
    let odd = Adoption { trees: 0, ..Adoption::new("C", TODAY, 32) };
    synced::adoption(books.pool(), &odd).await?;
    books.number().await?;
    let process =
        |adoption: &Adoption| contribctl(&["process", &adoption.id.to_string()], &books.variables());

    let shown = stdout(&process(&Adoption::new("A", TODAY, 1))?);
    assert!(shown.contains("entry 1 distributed it"), "{shown}");
    assert!(shown.contains("distributes 1 trees × 22617"), "{shown}");
    let shown = stdout(&process(&waiting)?);
    assert!(shown.contains("waits for the referral of X") && !shown.contains("stalled"), "{shown}");
    let shown = stdout(&process(&numbered)?);
    assert!(shown.contains("entry 5 is to be carried out; every entry through 4 has been"), "{shown}");
    let shown = stdout(&process(&odd)?);
    assert!(shown.contains("it cannot be right as it is"), "{shown}");

    books.pool().execute("UPDATE sequencer_backlog SET since = since - interval '25 hours'").await?;
    let shown = stdout(&contribctl(&["process", &waiting.id.to_string()], &books.variables())?);
    assert!(shown.contains("stalled: it has waited for longer than 24 hours"), "{shown}");
    let unknown = contribctl(&["process", "00000000-0000-0000-0000-000000000001"], &books.variables())?;
    assert_eq!(unknown.status.code(), Some(1), "{}", all(&unknown));
    books.close().await
}
