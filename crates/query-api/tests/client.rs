//! The TypeScript client against a running API and a real Kafka, and the Rust example that reads the same events.
//!
//! Needs Node.js and npm, which `make test` installs; without them this fails.

mod common;
#[path = "client/events.rs"]
mod events;
#[path = "client/programs.rs"]
mod programs;

use anyhow::ensure;
use chrono::Days;
use common::{SECRET, Stand, token};
use events::{Event, Topic, newest};
use programs::{Package, Reader};
use serde_json::json;

#[tokio::test]
async fn the_package_builds_with_types_of_the_document_and_passes_its_own_tests() -> anyhow::Result<()> {
    Package::built().await.map(drop)
}

#[tokio::test]
async fn the_client_reads_what_the_service_says() -> anyhow::Result<()> {
    let package = Package::built().await?;
    let jwt = [("CONTRIB__AUTH__MODE", "jwt"), ("CONTRIB__AUTH__HS256_SECRET", SECRET)];
    let mut stand = Stand::open(&jwt).await?;
    stand.worked_example().await?;
    stand.seal().await?;
    let topic = Topic::create("snapshot_events").await?;
    let sealed = events::written(stand.database.pool(), "SNAPSHOT", 0).await?;
    ensure!(sealed.len() == 1, "{sealed:?}");
    topic.send(&sealed).await?;

    let environment = [
        ("CONTRIBUTION_URL", stand.api.base.clone()),
        ("CONTRIBUTION_TOKEN", token("service")?),
        ("CONTRIBUTION_DAY", stand.business_day().await?.to_string()),
        ("CONTRIBUTION_KAFKA_BROKERS", topic.brokers.clone()),
        ("CONTRIBUTION_SNAPSHOT_EVENTS", topic.name.clone()),
    ];
    package.live_tests(&environment).await?;
    topic.delete().await?;
    stand.close().await
}

/// What a roll tells of an account: an expiry, and its figures behind it.
fn rolled(before: &Event, day: &str) -> [Event; 2] {
    let (epoch, version) = before.pair;
    let expired = json!({
        "eventId": "0d9c0f0e-5bb2-4c1e-8a0f-3c1d6c8b7a01",
        "eventType": "ContributionExpired",
        "accountSequence": before.account,
        "expiredAmount": "1.0000000000",
        "effectiveContribution": "2.0000000000",
        "businessDay": day,
        "epoch": epoch,
        "version": version + 1,
    });
    let effective = [
        ("version", json!(version + 2)),
        ("effectiveOn", json!(day)),
        ("effectiveContribution", json!("2.0000000000")),
    ];
    [Event::of(expired), before.with(&effective)]
}

/// The books of `account` made anew: a higher epoch, whose versions begin again. An old event comes behind.
fn made_anew(before: &Event) -> [Event; 2] {
    let (epoch, version) = before.pair;
    let again =
        [("epoch", json!(epoch + 1)), ("version", json!(1)), ("totalContribution", json!("3.0000000000"))];
    [before.with(&again), before.with(&[("version", json!(version + 90))])]
}

#[tokio::test]
async fn both_readers_of_the_events_end_with_the_newest_of_each_account() -> anyhow::Result<()> {
    let readers = [Reader::typescript().await?, Reader::rust().await?];
    let mut stand = Stand::open(&[]).await?;
    for (account, referrer) in [("R", None), ("A", Some("R")), ("B", Some("A")), ("C", Some("B"))] {
        stand.refer(account, referrer).await?;
    }
    // each carried out by itself, so that accounts have several versions
    for account in ["A", "B", "C", "B"] {
        stand.adopt(account).await?;
        stand.settle().await?;
    }
    let topic = Topic::create("account_events").await?;
    let directory = tempfile::tempdir()?;

    // out of order, some again, and an expiry behind its figures
    let written = events::written(stand.database.pool(), "ACCOUNT", 0).await?;
    let last = written.last().map_or(0, |event| event.id);
    let tomorrow = (stand.business_day().await? + Days::new(1)).to_string();
    let of =
        |account: &str| newest(&written).remove(account).unwrap_or_else(|| panic!("no event of {account}"));
    let [expired, figures] = rolled(&of("A"), &tomorrow);
    let mut sent: Vec<Event> = written.iter().rev().cloned().collect();
    sent.extend(written.iter().take(5).cloned());
    sent.extend([figures, expired]);
    topic.send(&sent).await?;
    let expected = newest(&sent);
    assert_eq!(expected.keys().map(String::as_str).collect::<Vec<_>>(), ["A", "B", "C", "R"]);
    for reader in &readers {
        let file = directory.path().join(reader.name);
        let group = format!("{}.{}", topic.name, reader.name);
        assert_eq!(reader.read(&topic, &file, Some(&group)).await?, sent.len(), "{}", reader.name);
        events::assert_kept(&file, &expected)?;
    }

    // on from there: something new, all of it once more, and an epoch that was raised
    stand.adopt("C").await?;
    stand.settle().await?;
    let mut more = events::written(stand.database.pool(), "ACCOUNT", last).await?;
    more.extend(sent.iter().cloned());
    more.extend(made_anew(&of("R")));
    topic.send(&more).await?;
    sent.extend(more.iter().cloned());
    let expected = newest(&sent);
    assert_eq!((expected["R"].pair, expected["A"].pair > of("A").pair), ((2, 1), true));
    let account = stand.api.json("/contributions/C").await?;
    assert_eq!(expected["C"].json["totalContribution"], account["totalContribution"]);
    for reader in &readers {
        let file = directory.path().join(reader.name);
        let group = format!("{}.{}", topic.name, reader.name);
        assert_eq!(reader.read(&topic, &file, Some(&group)).await?, more.len(), "{}", reader.name);
        events::assert_kept(&file, &expected)?;
        let anew = directory.path().join("anew");
        assert_eq!(reader.read(&topic, &anew, None).await?, sent.len(), "{}", reader.name);
        events::assert_kept(&anew, &expected)?;
    }
    topic.delete().await?;
    stand.close().await
}
