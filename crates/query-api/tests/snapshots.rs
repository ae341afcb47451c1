//! Sealed snapshots over HTTP: headers, lines, proofs that Rust and Python check with the root alone, drift, refusals.

mod common;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate};
use common::Stand;
use domain::{Amount, Hash, Proof};
use serde_json::{Value, json};

const VERIFY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples/verify_proof.py");

/// The next day begins, without anything that takes effect or expires on it.
async fn next_day(stand: &Stand) -> anyhow::Result<NaiveDate> {
    let tomorrow = stand.business_day().await? + Days::new(1);
    testkit::synced::business_day(stand.database.pool(), tomorrow).await?;
    Ok(tomorrow)
}

/// Exit code and answer of the example in Python.
fn python(proof: &Value, root: &str, directory: &Path) -> anyhow::Result<(Option<i32>, String)> {
    let file = directory.join("proof.json");
    std::fs::write(&file, proof.to_string())?;
    let output = Command::new("python3").arg(VERIFY).arg(&file).arg(root).output().context("python3")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

/// 300 accounts below one, of whom most adopt.
async fn live(stand: &mut Stand) -> anyhow::Result<()> {
    for n in 0..300_u32 {
        let referrer = n.checked_sub(1).map(|above| format!("D{:04}", above / 3));
        stand.refer(&format!("D{n:04}"), referrer.as_deref()).await?;
        if n % 7 != 0 {
            stand.adopt(&format!("D{n:04}")).await?;
        }
    }
    stand.settle().await
}

#[tokio::test]
async fn every_line_is_proven_to_whoever_knows_the_root() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    live(&mut stand).await?;
    let header = stand.seal().await?;
    let report = testkit::audit::audit(stand.database.pool()).await?;
    ensure!(report.is_clean(), "{report}");
    let day = header.snapshot_date;
    let shown = stand.api.json(&format!("/snapshots/{day}")).await?;
    assert_eq!(shown["merkleRoot"], header.merkle_root.to_string());
    assert_eq!(shown["accountCount"], header.account_count);
    let root = header.merkle_root;

    let accounts: Vec<String> = sqlx::query_scalar(
        "SELECT account_sequence FROM daily_contribution_snapshots WHERE snapshot_date = $1 ORDER BY 1",
    )
    .bind(day)
    .fetch_all(stand.database.pool())
    .await?;
    assert!(accounts.len() > 250 && accounts.last().is_some_and(|last| last == "SYS-PROVINCE"));
    let directory = tempfile::tempdir()?;
    let mut total = Amount::ZERO;
    for (index, account) in accounts.iter().enumerate() {
        let path = format!("/snapshots/{day}/accounts/{account}");
        let (line, answer) = (stand.api.json(&path).await?, stand.api.json(&format!("{path}/proof")).await?);
        let proof: Proof = serde_json::from_value(answer.clone())?;
        assert_eq!(proof.verify(&root), Ok(()), "{account}");
        assert_eq!((proof.index, proof.account_sequence.as_str()), (index as u64, account.as_str()));
        for member in ["effectiveContribution", "contributionRatio", "networkTotalContribution"] {
            assert_eq!(line[member], answer[member], "{account}");
        }
        total = total.checked_add(proof.effective_contribution)?;
        if index % 11 == 0 || account.starts_with("SYS-") {
            let (code, said) = python(&answer, &root.to_string(), directory.path())?;
            assert_eq!(code, Some(0), "{account}: {said}");
            assert!(said.starts_with(&format!("proven: {account} had ")), "{said}");
        }
    }
    assert_eq!(total, header.network_total_contribution);
    let listed = stand.api.walk(&format!("/snapshots/{day}/accounts"), 100).await?;
    let text = stand.api.get(&format!("/snapshots/{day}/accounts.csv")).await?.text().await?;
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!((listed.len(), rows.len()), (accounts.len(), accounts.len()));
    for ((item, row), account) in listed.iter().zip(rows).zip(&accounts) {
        assert_eq!(item["accountSequence"], *account);
        let fields: Vec<&str> = row.split(',').collect();
        assert_eq!((fields[1], &json!(fields[2])), (account.as_str(), &item["effectiveContribution"]));
        assert_eq!(json!(fields[4]), item["contributionRatio"]);
    }
    let answer = stand.api.json(&format!("/snapshots/{day}/accounts/{}/proof", accounts[17])).await?;
    for (what, changed) in changed(&answer) {
        let proof: Proof = serde_json::from_value(changed.clone())?;
        assert!(proof.verify(&root).is_err(), "{what}");
        let (code, said) = python(&changed, &root.to_string(), directory.path())?;
        assert_eq!(code, Some(1), "{what}: {said}");
    }
    let other = Hash::parse(&"ab".repeat(32))?;
    assert_eq!(python(&answer, &other.to_string(), directory.path())?.0, Some(1));
    for broken in [json!([]), json!({}), json!(7), json!({ "siblings": 7 })] {
        assert_eq!(python(&broken, &root.to_string(), directory.path())?.0, Some(2), "{broken}");
    }
    stand.close().await
}

/// A proof with one thing changed, and what.
fn changed(answer: &Value) -> Vec<(String, Value)> {
    let more = |text: &Value| {
        let text = text.as_str().unwrap_or_default();
        json!(
            Amount::parse(text)
                .map(|amount| Amount::from_units(amount.units() + 1).to_string())
                .unwrap_or_default()
        )
    };
    let other_hash = json!("7f".repeat(32));
    let siblings = answer["siblings"].as_array().map_or(0, Vec::len);
    let mut all = Vec::new();
    let mut with = |pointer: &str, to: Value| {
        let mut changed = answer.clone();
        if let Some(place) = changed.pointer_mut(pointer) {
            *place = to;
            all.push((pointer.to_owned(), changed));
        }
    };
    with("/snapshotDate", json!("2020-02-02"));
    with("/merkleRoot", other_hash.clone());
    with("/accountCount", json!(1_000));
    with("/networkTotalContribution", more(&answer["networkTotalContribution"]));
    with("/index", json!(3));
    with("/index", json!(100_000));
    with("/accountSequence", json!("D0001x"));
    with("/effectiveContribution", more(&answer["effectiveContribution"]));
    with("/effectiveContribution", json!("-1"));
    with("/effectiveContribution", json!("0"));
    with("/contributionRatio", json!("0.5"));
    with("/siblings", json!([]));
    with("/siblings/0/sum", json!("17014118346046923173168730371.5884105727"));
    for place in 0..siblings {
        with(&format!("/siblings/{place}/hash"), other_hash.clone());
        with(&format!("/siblings/{place}/sum"), more(&answer["siblings"][place]["sum"]));
        with(&format!("/siblings/{place}/sum"), json!("-0.0000000001"));
    }
    all
}

#[tokio::test]
async fn snapshots_are_listed_from_the_newest_on() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    assert_eq!(stand.api.json("/snapshots").await?, json!({ "items": [], "nextCursor": null }));
    stand.worked_example().await?;
    let mut days = vec![stand.seal().await?.snapshot_date];
    for _ in 0..4 {
        days.insert(0, next_day(&stand).await?);
        stand.seal().await?;
    }
    for limit in [1, 2, 5, 50] {
        let listed = stand.api.walk("/snapshots", limit).await?;
        let dates: Vec<Value> = listed.iter().map(|header| header["snapshotDate"].clone()).collect();
        assert_eq!(dates, days.iter().map(|day| json!(day)).collect::<Vec<_>>(), "by {limit}");
    }
    let newest = stand.api.json(&format!("/snapshots/{}", days[0])).await?;
    assert_eq!(newest, stand.api.json("/snapshots?limit=1").await?["items"][0]);
    assert_eq!((&newest["complete"], &newest["watermark"]), (&json!(true), &json!(4)));
    // RULES section 9: four trees at 22617, all of it live
    assert_eq!(newest["networkTotalContribution"], "90468.0000000000");
    let line = stand.api.json(&format!("/snapshots/{}/accounts/A", days[0])).await?;
    assert_eq!(line["effectiveContribution"], "17302.0050000000");
    assert_eq!(line["contributionRatio"], "0.191250000000000000");
    stand.close().await
}

#[tokio::test]
async fn drift_is_what_was_booked_too_late() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    let [first, ..] = stand.worked_example().await?;
    let sealed = stand.seal().await?;
    let path = format!("/snapshots/{}/drift", sealed.snapshot_date);
    let nothing = stand.api.json(&path).await?;
    assert_eq!((&nothing["items"], &nothing["total"]["accountCount"]), (&json!([]), &json!(0)));
    // on the day itself and on the next: an adoption of ten days ago, and one taken back from tomorrow on
    stand.adopt("C").await?;
    stand.settle().await?;
    next_day(&stand).await?;
    stand.adopt("A").await?;
    stand.set_status(first, "CANCELLED").await?;
    stand.settle().await?;
    let drift = stand.api.json(&format!("{path}?limit=500")).await?;
    let items = drift["items"].as_array().context("items")?;
    let of = |name: &str| items.iter().find(|item| item["accountSequence"] == name).context("an item");
    assert_eq!(of("C")?["drift"], "15831.9000000000");
    assert_eq!(of("C")?["sealedContribution"], "15831.9000000000");
    // A adopted itself, and is two levels above C; what is taken back is not taken back from the past
    assert_eq!(of("A")?["drift"], "15944.9850000000");
    assert_eq!(of("SYS-OPERATION")?["drift"], "5428.0800000000");
    let sum = |systems: bool| {
        let chosen = items.iter().filter(|item| {
            item["accountSequence"].as_str().is_some_and(|name| name.starts_with("SYS-")) == systems
        });
        let amounts = chosen.map(|item| Amount::parse(item["drift"].as_str().unwrap_or_default()));
        Amount::checked_sum(amounts.collect::<Result<Vec<_>, _>>()?).map_err(anyhow::Error::from)
    };
    assert_eq!(drift["total"]["accounts"], sum(false)?.to_string());
    assert_eq!(drift["total"]["systemAccounts"], sum(true)?.to_string());
    assert_eq!(sum(true)?.checked_add(sum(false)?)?, Amount::parse("45234")?, "two trees");
    assert_eq!(drift["total"]["accountCount"], items.len());
    assert_eq!((&drift["watermark"], &drift["asOf"]["distributionSeq"]), (&json!(4), &json!(7)));
    for limit in [1, 3, 8] {
        assert_eq!(stand.api.walk(&path, limit).await?, *items, "by {limit}");
    }
    stand.close().await
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    stand.refer("idle", None).await?;
    let day = stand.seal().await?.snapshot_date;
    for (path, status, code) in [
        ("/snapshots/2020-01-01".to_owned(), 404, "snapshot_unknown"),
        ("/snapshots/2020-01-01/drift".to_owned(), 404, "snapshot_unknown"),
        ("/snapshots/2020-01-01/accounts/A".to_owned(), 404, "snapshot_unknown"),
        ("/snapshots/2020-01-01/accounts/A/proof".to_owned(), 404, "snapshot_unknown"),
        (format!("/snapshots/{day}/accounts/idle"), 404, "account_not_in_snapshot"),
        (format!("/snapshots/{day}/accounts/idle/proof"), 404, "account_not_in_snapshot"),
        (format!("/snapshots/{day}/accounts/0/proof"), 404, "account_not_in_snapshot"),
        (format!("/snapshots/{day}/accounts/zzz/proof"), 404, "account_not_in_snapshot"),
        (format!("/snapshots/{day}/accounts/SYS-NOBODY"), 400, "invalid_account_sequence"),
        (format!("/snapshots/{day}/accounts/a%20b"), 400, "invalid_account_sequence"),
        (format!("/snapshots/{day}/accounts/%FF/proof"), 400, "invalid_account_sequence"),
        ("/snapshots/2026-1-1".to_owned(), 400, "invalid_date"),
        ("/snapshots/2026-02-30/accounts/A".to_owned(), 400, "invalid_date"),
        ("/snapshots/today/drift".to_owned(), 400, "invalid_date"),
        ("/snapshots?limit=0".to_owned(), 400, "invalid_limit"),
        ("/snapshots?cursor=AAAA".to_owned(), 400, "invalid_cursor"),
        (format!("/snapshots/{day}/drift?cursor=AAAAAAAAAAAAAAAA"), 400, "invalid_cursor"),
        ("/snapshots/2020-01-01/accounts".to_owned(), 404, "snapshot_unknown"),
        ("/snapshots/2020-01-01/accounts.csv".to_owned(), 404, "snapshot_unknown"),
    ] {
        let (found, problem) = stand.api.problem(&path).await?;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{path}: {problem}");
    }
    // a line that was changed is not proven, but logged as what it is
    sqlx::query(
        "UPDATE daily_contribution_snapshots SET effective_contribution = 1 WHERE account_sequence = 'B'",
    )
    .execute(stand.database.pool())
    .await?;
    let (status, _) = stand.api.problem(&format!("/snapshots/{day}/accounts/A/proof")).await?;
    assert_eq!(status, 500);
    stand.close().await
}
