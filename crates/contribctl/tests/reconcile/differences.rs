//! What differs is found and named.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::wait::{LIMIT, until};

use crate::pair::{Pair, ROWS, counts, id};
use crate::support::{CONFIG, all, contribctl, stdout};

/// What a report says of its examples: kind, columns, dead letter; in one order.
fn examples(report: &Value) -> Vec<Value> {
    let examples = report["examples"].as_array().into_iter().flatten();
    let mut told: Vec<Value> =
        examples.map(|example| json!([example["kind"], example["columns"], example["deadLetter"]])).collect();
    told.sort_by_key(ToString::to_string);
    told
}

#[tokio::test]
async fn what_is_written_otherwise_is_the_same() -> anyhow::Result<()> {
    let pair = Pair::alike().await?;
    let (reports, code) = pair.reports(vec![])?;
    assert_eq!(code, Some(0), "{reports:?}");
    for report in &reports {
        assert_eq!((&report["upstreamRows"], &report["syncedRows"]), (&json!(ROWS), &json!(ROWS)));
        assert_eq!(counts(report), [0; 4], "{report}");
    }
    let columns = ["account_sequence", "status", "created_at"];
    assert_eq!(reports[0]["columns"], json!(columns), "and no phone");
    let shown = pair.reconcile(&["--table", "users"], vec![])?;
    assert_eq!((shown.status.code(), stdout(&shown).lines().count()), (Some(0), 2), "{}", all(&shown));
    pair.close().await
}

#[tokio::test]
async fn each_kind_of_difference_is_named() -> anyhow::Result<()> {
    let pair = Pair::alike().await?;
    let (users, adoptions, referrals) = (|n| id("users", n), |n| id("adoptions", n), |n| id("referrals", n));
    pair.ours(&format!(
        "DELETE FROM synced_users WHERE original_user_id = {};
         UPDATE synced_users SET source_deleted_at = now() WHERE original_user_id = {};
         UPDATE synced_users SET displaced = TRUE WHERE original_user_id = {};
         UPDATE synced_users SET status = 'active', created_at = created_at + interval '1 microsecond'
         WHERE original_user_id = {};
         INSERT INTO cdc_dead_letters (topic, partition, \"offset\", error_code, error, original_id, resolved_at)
         VALUES ('dbserver1.rwa_identity.users', 0, 1, 'unique_taken', '', {}, NULL),
                ('dbserver1.rwa_identity.users', 0, 2, 'bad_field', '', {}, now()),
                ('elsewhere', 0, 1, 'bad_field', '', {}, NULL)",
        users(1), users(2), users(3), users(4), users(3), users(1), users(2)
    ))
    .await?;
    pair.theirs(&format!(
        "DELETE FROM rwa_identity.users WHERE id IN ({}, {});
         UPDATE rwa_planting.adoptions SET contribution_per_tree = 22617.5000000001 WHERE id = {};
         UPDATE rwa_planting.adoptions SET contribution_per_tree = 1 WHERE id = {};
         UPDATE rwa_planting.adoptions SET contribution_per_tree = 0 WHERE id = {};
         UPDATE rwa_planting.adoptions SET tree_count = 0, adoption_date = 'infinity', status = NULL WHERE id = {};
         UPDATE rwa_referral.referral_relations SET referrer_account_sequence = NULL WHERE id = {};
         UPDATE rwa_referral.referral_relations SET depth = NULL, ancestor_path = 'not compared' WHERE id = {}",
        users(5), users(6), adoptions(3), adoptions(1), adoptions(2), adoptions(4), referrals(9), referrals(10)
    ))
    .await?;
    // one that is gone on both sides differs in nothing
    pair.ours(&format!(
        "UPDATE synced_users SET source_deleted_at = now() WHERE original_user_id = {}",
        users(6)
    ))
    .await?;

    let (reports, code) = pair.reports(vec![])?;
    assert_eq!(code, Some(1));
    assert_eq!(counts(&reports[0]), [2, 1, 1, 1], "{}", reports[0]);
    assert_eq!(
        examples(&reports[0]),
        [
            json!(["different", ["status", "created_at"], null]),
            json!(["extra", null, null]),
            json!(["missing", null, "unique_taken"]),
            json!(["missing", null, null]),
            json!(["missing", null, null]),
        ]
    );
    assert_eq!(counts(&reports[1]), [0, 0, 4, 0], "{}", reports[1]);
    let price = || json!(["different", ["contribution_per_tree"], null]);
    let several = json!(["different", ["tree_count", "adoption_date", "status"], null]);
    assert_eq!(examples(&reports[1]), [price(), price(), price(), several]);
    assert_eq!(counts(&reports[2]), [0, 0, 2, 0], "{}", reports[2]);
    let referrer = json!(["different", ["referrer_account_sequence"], null]);
    assert_eq!(examples(&reports[2]), [json!(["different", ["depth"], null]), referrer]);

    let shown = pair.reconcile(&["--table", "users"], vec![])?;
    assert_eq!(shown.status.code(), Some(1));
    for line in
        ["different: status, created_at", "missing (dead letter unique_taken)", "mark-missing", "--request"]
    {
        assert!(stdout(&shown).contains(line), "{line}: {}", all(&shown));
    }
    let one = pair.reconcile(&["--table", "referrals"], vec![])?;
    assert!(!stdout(&one).contains("users"), "{}", all(&one));
    pair.close().await
}

/// More than one statement takes, and every range.
#[tokio::test]
async fn an_empty_copy_misses_every_row() -> anyhow::Result<()> {
    let pair = Pair::alike().await?;
    pair.theirs(
        "INSERT INTO rwa_planting.adoptions
         SELECT gen_random_uuid(), 'D1', 1, '2026-01-01', 'MINING', NULL, now() FROM generate_series(1, 6000)",
    )
    .await?;
    pair.ours("DELETE FROM synced_adoptions").await?;
    let (reports, code) = pair.reports(vec![])?;
    assert_eq!((code, counts(&reports[1])), (Some(1), [6000 + ROWS, 0, 0, 0]));
    assert_eq!(reports[1]["examples"].as_array().map(Vec::len), Some(10));
    pair.close().await
}

#[tokio::test]
async fn a_change_that_was_on_its_way_is_waited_for() -> anyhow::Result<()> {
    let pair = Pair::alike().await?;
    pair.ours("UPDATE synced_users SET status = 'OLD'").await?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_contribctl"));
    command.env_clear().envs(pair.variables()).args(["--config", CONFIG, "reconcile", "--patience", "60"]);
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    until("a look at the rows that differ", LIMIT, async || {
        let looks: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'contribctl' AND query LIKE '%= ANY($1)%'",
        )
        .fetch_one(pair.database.pool())
        .await?;
        Ok((looks > 0).then_some(()))
    })
    .await?;
    pair.ours("UPDATE synced_users u SET status = CASE WHEN substr(account_sequence, 2)::int % 3 > 0 THEN 'ACTIVE' END")
        .await?;
    let output = tokio::task::spawn_blocking(|| process.wait_with_output()).await??;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    pair.close().await
}

#[tokio::test]
async fn columns_go_by_the_names_of_the_settings_and_those_not_there_are_left_out() -> anyhow::Result<()> {
    let pair = Pair::alike().await?;
    pair.theirs(
        "ALTER TABLE rwa_planting.adoptions RENAME COLUMN tree_count TO \"how many \"\"trees\"\"\";
         ALTER TABLE rwa_planting.adoptions RENAME COLUMN id TO adoption;
         ALTER TABLE rwa_planting.adoptions DROP COLUMN status;
         ALTER TABLE rwa_planting.adoptions ALTER COLUMN created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC'",
    )
    .await?;
    let named = || {
        vec![
            ("CONTRIB__CDC__COLUMNS__ADOPTIONS__TREE_COUNT", "how many \"trees\"".to_owned()),
            ("CONTRIB__CDC__COLUMNS__ADOPTIONS__ID", "adoption".to_owned()),
        ]
    };
    let (reports, code) = pair.reports(named())?;
    assert_eq!(code, Some(0), "{reports:?}");
    let compared = ["account_sequence", "tree_count", "adoption_date", "contribution_per_tree", "created_at"];
    assert_eq!(reports[1]["columns"], json!(compared));
    pair.theirs(
        "UPDATE rwa_planting.adoptions SET \"how many \"\"trees\"\"\" = 0 WHERE account_sequence = 'D1'",
    )
    .await?;
    let (reports, _) = pair.reports(named())?;
    assert_eq!(examples(&reports[1]), [json!(["different", ["tree_count"], null])]);
    let unnamed = pair.reconcile(&["--table", "adoptions"], vec![])?;
    assert_eq!(unnamed.status.code(), Some(2));
    assert!(all(&unnamed).contains("no column id that holds UUIDs"), "{}", all(&unnamed));
    pair.close().await
}

#[tokio::test]
async fn a_source_that_is_elsewhere_is_compared_apart() -> anyhow::Result<()> {
    let pair = Pair::alike().await?;
    pair.theirs("DROP TABLE rwa_identity.users").await?;
    let apart = || vec![("CONTRIB__CDC__SOURCES__USERS", "identity".to_owned())];
    let all_tables = pair.reconcile(&[], apart())?;
    assert_eq!(all_tables.status.code(), Some(2));
    assert!(all(&all_tables).contains("no table rwa_identity.users"), "{}", all(&all_tables));
    let here = pair.reconcile(&["--source", "upstream"], apart())?;
    assert_eq!((here.status.code(), stdout(&here).lines().count()), (Some(0), 3), "{}", all(&here));
    assert_eq!(pair.reconcile(&["--source", "nowhere"], apart())?.status.code(), Some(2));
    let unheard = pair.reconcile(&["--source", "upstream", "--request"], apart())?;
    assert_eq!(unheard.status.code(), Some(2));
    assert!(all(&unheard).contains("connect.signal_topic"), "{}", all(&unheard));
    let none = contribctl(&["reconcile"], &vec![("CONTRIB__DATABASE__URL", pair.database.url())])?;
    assert!(all(&none).contains("upstream.url"), "{}", all(&none));
    pair.close().await
}
