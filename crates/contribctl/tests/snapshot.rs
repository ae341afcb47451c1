//! `contribctl snapshot`: a day sealed by hand, and proofs.

mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use persistence::views::snapshots;
use serde_json::json;
use support::books::{Books, TODAY};
use support::{CONFIG, all, contribctl, stdout};

/// The proof of the account's line in today's snapshot, as the API gives it, and the root.
async fn proof(books: &Books, account: &str) -> anyhow::Result<(serde_json::Value, String)> {
    let mut connection = books.pool().acquire().await?;
    let header =
        snapshots::header(&mut connection, TODAY).await?.ok_or_else(|| anyhow::anyhow!("not sealed"))?;
    let proof = snapshots::proof(&mut connection, &header, account).await?;
    Ok((serde_json::to_value(proof)?, header.merkle_root.to_string()))
}

/// Says that the source has been read up to that moment.
async fn read_up_to(books: &Books, watermark: DateTime<Utc>) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO cdc_watermarks (source, watermark) VALUES ('upstream', $1)
         ON CONFLICT (source) DO UPDATE SET watermark = excluded.watermark",
    )
    .bind(watermark)
    .execute(books.pool())
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_day_is_sealed_by_hand_once_and_on_record() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let (day, variables) = (TODAY.to_string(), books.variables());
    let take = |more: &[&str]| contribctl(&[&["snapshot", "take", day.as_str()], more].concat(), &variables);
    // midnight of the day in Shanghai
    let begins: DateTime<Utc> = "2026-06-14T16:00:00Z".parse()?;
    for (watermark, word) in [
        (None, "not complete: something is left open"),
        (Some(begins - chrono::TimeDelta::seconds(1)), "not complete: something is left open"),
        (Some(begins), "complete: nothing is left open"),
    ] {
        if let Some(watermark) = watermark {
            read_up_to(&books, watermark).await?;
        }
        let shown = take(&[])?;
        let expected =
            format!("2026-06-15: entries through 4, {word}\nnothing was sealed: repeat with --yes\n");
        assert_eq!((stdout(&shown), shown.status.code()), (expected, Some(0)), "{}", all(&shown));
    }
    let nobody = take(&["--yes"])?;
    assert_eq!(nobody.status.code(), Some(2), "{}", all(&nobody));

    let sealed = take(&["--yes", "--by", "Wang"])?;
    assert_eq!(sealed.status.code(), Some(0), "{}", all(&sealed));
    let (_, root) = proof(&books, "A").await?;
    assert!(
        stdout(&sealed).contains(&format!("network total 0.0000000000\nroot {root}")),
        "{}",
        all(&sealed)
    );
    let noted: (String, String, String) =
        sqlx::query_as("SELECT who, action, details FROM audit_log").fetch_one(books.pool()).await?;
    assert_eq!(noted, ("Wang".to_owned(), "snapshot.take".to_owned(), day.clone()));
    for more in [&[][..], &["--yes", "--by", "Wang"]] {
        let again = take(more)?;
        assert_eq!(again.status.code(), Some(1), "{}", all(&again));
        assert!(stdout(&again).contains("a sealed snapshot never changes"), "{}", all(&again));
    }
    let other = contribctl(&["snapshot", "take", "2026-06-16", "--yes", "--by", "Wang"], &variables)?;
    assert_eq!(other.status.code(), Some(1), "{}", all(&other));
    assert!(
        all(&other).contains("the business day is 2026-06-15: 2026-06-16 cannot be sealed"),
        "{}",
        all(&other)
    );
    books.close().await
}

#[tokio::test]
async fn what_is_left_open_makes_a_snapshot_incomplete() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    read_up_to(&books, Utc::now()).await?;
    testkit::synced::referral(books.pool(), "D", Some("A")).await?;
    testkit::synced::adoption(books.pool(), &testkit::synced::Adoption::new("D", TODAY, 20)).await?;
    for step in ["read", "numbered", "carried out"] {
        match step {
            "numbered" => books.number().await?,
            "carried out" => books.keep().await?,
            _ => {}
        }
        let shown = contribctl(&["snapshot", "take", &TODAY.to_string()], &books.variables())?;
        let complete = stdout(&shown).contains(", complete: ");
        assert_eq!(complete, step == "carried out", "{step}: {}", all(&shown));
    }
    books.close().await
}

#[tokio::test]
async fn a_proof_is_checked_with_nothing_but_the_root() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    // what was adopted today takes effect tomorrow
    let tomorrow = TODAY.succ_opt().unwrap_or(TODAY);
    testkit::synced::adoption(
        books.pool(),
        &testkit::synced::Adoption::new("B", TODAY - chrono::Days::new(9), 30),
    )
    .await?;
    books.keep().await?;
    let take = ["snapshot", "take", &TODAY.to_string(), "--yes", "--by", "Wang"];
    let sealed = contribctl(&take, &books.variables())?;
    assert_eq!(sealed.status.code(), Some(0), "{}", all(&sealed));
    let (good, root) = proof(&books, "B").await?;
    let mut bad = good.clone();
    bad["snapshotDate"] = json!(tomorrow);
    let directory = tempfile::tempdir()?;
    let file = |name: &str, text: String| {
        let path = directory.path().join(name).display().to_string();
        std::fs::write(&path, text).map(|()| path)
    };
    let (good, bad) = (file("good.json", good.to_string())?, file("bad.json", bad.to_string())?);
    let (broken, missing) = (file("broken.json", "{}".to_owned())?, "nowhere.json".to_owned());
    // the database is nowhere, and nobody asks it
    let nowhere = vec![("CONTRIB__DATABASE__URL", "postgres://nobody@127.0.0.1:1/none".to_owned())];
    let other = "ab".repeat(32);
    for (file, root, code, word) in [
        (&good, Some(root.as_str()), 0, "proven: B had 15831.9"),
        (&good, None, 0, "compare"),
        (&good, Some(other.as_str()), 1, "not proven: it is about the root"),
        (&bad, Some(root.as_str()), 1, "not proven: the line and its siblings lead to another root"),
        (&bad, None, 1, "not proven"),
        (&broken, None, 2, "no proof: missing field"),
        (&missing, None, 2, "nowhere.json"),
        (&good, Some("abc"), 2, "64 hexadecimal digits"),
    ] {
        let root = root.map(|root| vec!["--root", root]).unwrap_or_default();
        let output = contribctl(&[vec!["snapshot", "verify-proof", file], root].concat(), &nowhere)?;
        assert_eq!(output.status.code(), Some(code), "{file}: {}", all(&output));
        assert!(all(&output).contains(word), "{file}: {}", all(&output));
    }
    let mut piped = Command::new(env!("CARGO_BIN_EXE_contribctl"))
        .env_clear()
        .envs(nowhere)
        .args(["--config", CONFIG, "snapshot", "verify-proof", "-", "--root", &root])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = piped.stdin.take() {
        stdin.write_all(std::fs::read_to_string(&good)?.as_bytes())?;
    }
    let output = piped.wait_with_output()?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    books.close().await
}
