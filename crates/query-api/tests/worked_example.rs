//! Every figure of RULES section 9 as the API tells it.

mod common;

use chrono::Days;
use common::Stand;
use serde_json::{Value, json};

/// An amount as the API writes it.
fn amount(text: &str) -> Value {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    json!(format!("{whole}.{places:0<10}"))
}

async fn total(stand: &Stand, account: &str) -> anyhow::Result<Value> {
    Ok(stand.api.json(&format!("/contributions/{account}")).await?["totalContribution"].clone())
}

#[tokio::test]
async fn the_worked_example_over_http() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    let adoptions = stand.worked_example().await?;
    let day = stand.business_day().await?;

    let a = stand.api.json("/contributions/A").await?;
    assert_eq!(a["accountSequence"], "A");
    assert_eq!(a["personalContribution"], amount("15831.9"));
    assert_eq!(a["teamLevelContribution"], amount("339.255"));
    assert_eq!(a["teamBonusContribution"], amount("1130.85"));
    assert_eq!(a["totalContribution"], amount("17302.005"));
    assert_eq!(a["effectiveContribution"], amount("17302.005"));
    assert_eq!(a["hasAdopted"], true);
    assert_eq!(a["directReferralAdoptedCount"], 1);
    assert_eq!(a["unlockedLevelDepth"], 5);
    assert_eq!(a["unlockedBonusTiers"], 1);
    assert_eq!(a["effectiveOn"], json!(day));
    assert_eq!(a["asOf"]["epoch"], 1);
    assert_eq!(a["asOf"]["distributionSeq"], 4);
    assert_eq!(a["asOf"]["sourceTime"], Value::Null);
    assert_eq!(total(&stand, "B").await?, amount("32342.31"));
    assert_eq!(total(&stand, "C").await?, amount("15831.9"));
    assert_eq!(total(&stand, "R").await?, amount("452.34"));

    network(&stand).await?;
    explanation(&stand, adoptions).await?;
    details(&stand).await?;
    unallocated(&stand).await?;
    stand.close().await
}

async fn network(stand: &Stand) -> anyhow::Result<()> {
    let network = stand.api.json("/network/total").await?;
    assert_eq!(network["totalContribution"], amount("90468"));
    assert_eq!(network["effectiveContribution"], amount("90468"));
    assert_eq!(network["accounts"]["count"], 4);
    assert_eq!(network["bySourceType"]["PERSONAL"], amount("63327.6"));
    assert_eq!(network["bySourceType"]["TEAM_LEVEL"], amount("904.68"));
    assert_eq!(network["bySourceType"]["TEAM_BONUS"], amount("1696.275"));
    assert_eq!(network["unallocated"]["total"], amount("10969.245"));
    let by_type = json!([
        { "unallocType": "BONUS_TIER_1", "amount": amount("565.425"), "lines": 1 },
        { "unallocType": "BONUS_TIER_2", "amount": amount("2261.7"), "lines": 4 },
        { "unallocType": "BONUS_TIER_3", "amount": amount("2261.7"), "lines": 4 },
        { "unallocType": "LEVEL_OVERFLOW", "amount": amount("5880.42"), "lines": 52 },
    ]);
    assert_eq!(network["unallocated"]["byType"], by_type);

    let system = stand.api.json("/system-accounts").await?;
    let balance = |number: usize| {
        let account = &system["items"][number];
        (account["accountType"].as_str().unwrap_or_default(), account["contributionBalance"].clone())
    };
    assert_eq!(balance(0), ("OPERATION", amount("10856.16")));
    assert_eq!(balance(1), ("PROVINCE", amount("904.68")));
    assert_eq!(balance(2), ("CITY", amount("1809.36")));
    assert_eq!(balance(3), ("HEADQUARTERS", amount("10969.245")));
    Ok(())
}

async fn explanation(stand: &Stand, adoptions: [uuid::Uuid; 4]) -> anyhow::Result<()> {
    let headquarters = ["3279.465", "2600.955", "2487.87", "2600.955"];
    for (adoption, missed) in adoptions.iter().zip(headquarters) {
        let explained = stand.api.json(&format!("/adoptions/{adoption}/explanation")).await?;
        assert_eq!(explained["adoption"]["state"], "distributed");
        let entries = explained["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["asComputed"], true);
        assert_eq!(entries[0]["slots"].as_array().map(Vec::len), Some(24));
        assert_eq!(entries[0]["slots"][23]["amount"], amount(missed));
        assert_eq!(entries[0]["slots"][1]["amount"], amount("2714.04"));
        assert_eq!(entries[0]["slots"][2]["amount"], amount("226.17"));
        assert_eq!(entries[0]["slots"][3]["amount"], amount("452.34"));
        assert_eq!(entries[0]["slots"][22]["to"], "NOTHING");
    }

    let second = stand.api.json(&format!("/adoptions/{}/explanation", adoptions[1])).await?;
    let entry = &second["entries"][0];
    let date = stand.adoption_date().await?;
    assert_eq!(entry["distributionSeq"], 2);
    assert_eq!(entry["kind"], "DISTRIBUTE");
    assert_eq!(entry["carriedOut"], true);
    assert_eq!(entry["bookedDay"], json!(stand.business_day().await?));
    assert_eq!(entry["planVersion"], 1);
    assert_eq!(entry["networkTreesBefore"], 1);
    assert_eq!(entry["contributionPerTree"], amount("22617"));
    assert_eq!(entry["sourcePrice"], amount("22617"));
    assert_eq!(entry["baseAmount"], amount("22617"));
    assert_eq!(entry["adoptionDate"], json!(date));
    assert_eq!(entry["effectiveDate"], json!(date + Days::new(1)));
    assert_eq!(entry["referrerTiers"], 1);
    let level = |level: u8, account: &str| json!({ "level": level, "accountSequence": account, "unlockedLevelDepth": 5, "directReferralAdoptedCount": 1 });
    assert_eq!(entry["upline"], json!([level(1, "A"), level(2, "R")]));
    let effect = |account: &str, live: u8, directs: u8| json!({ "accountSequence": account, "liveAdoptions": live, "directReferralAdoptedCount": directs });
    assert_eq!(entry["effects"], json!([effect("A", 1, 1), effect("B", 1, 0)]));
    assert_eq!(entry["source"], json!({ "topic": "adoptions", "partition": 0, "offset": 41, "lsn": 7 }));
    let slots = &entry["slots"];
    assert_eq!(slots[4]["accountSequence"], "A");
    assert_eq!(slots[4]["amount"], amount("113.085"));
    assert_eq!(slots[5]["accountSequence"], "R");
    assert_eq!(slots[6]["to"], "UNALLOCATED");
    assert_eq!(slots[6]["reason"], "NO_ANCESTOR: level 3, ancestors 2");
    assert_eq!(slots[6]["rate"], "0.005000");
    assert_eq!(slots[19]["accountSequence"], "A");
    assert_eq!(slots[19]["amount"], amount("565.425"));
    assert_eq!(slots[20]["reason"], "TIER_LOCKED: tier 2, unlocked 1, direct 1");
    assert_eq!(slots[20]["wouldBeAccountSequence"], "A");
    assert_eq!(slots[23]["systemAccount"], "HEADQUARTERS");
    assert_eq!(slots[23]["expireDate"], Value::Null);
    Ok(())
}

async fn details(stand: &Stand) -> anyhow::Result<()> {
    let details = stand.api.json("/contributions/A/details").await?;
    let line = |item: &Value| (item["distributionSeq"].clone(), item["slot"].clone(), item["amount"].clone());
    let lines: Vec<_> = details["items"].as_array().into_iter().flatten().map(line).collect();
    let expected = [
        (4, 19, "565.425"),
        (4, 4, "113.085"),
        (3, 5, "113.085"),
        (2, 19, "565.425"),
        (2, 4, "113.085"),
        (1, 0, "15831.9"),
    ];
    assert_eq!(lines, expected.map(|(seq, slot, text)| (json!(seq), json!(slot), amount(text))));
    assert_eq!(details["nextCursor"], Value::Null);

    let bonus = stand.api.json("/contributions/A/details?sourceType=TEAM_BONUS").await?;
    assert_eq!(bonus["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(bonus["items"][0]["bonusTier"], 1);
    assert_eq!(bonus["items"][0]["levelDepth"], Value::Null);
    assert_eq!(bonus["items"][0]["isExpired"], false);
    let effective = stand.adoption_date().await? + Days::new(1);
    for (days, found) in [
        (format!("from={effective}&to={effective}"), 6),
        (format!("from={}", effective + Days::new(1)), 0),
        (format!("to={}", effective - Days::new(1)), 0),
    ] {
        let page = stand.api.json(&format!("/contributions/A/details?{days}")).await?;
        assert_eq!(page["items"].as_array().map(Vec::len), Some(found), "{days}");
    }
    Ok(())
}

async fn unallocated(stand: &Stand) -> anyhow::Result<()> {
    let lines = stand.api.walk("/unallocated", 7).await?;
    assert_eq!(lines.len(), 61);
    assert_eq!(lines[0]["distributionSeq"], 4);
    assert_eq!(lines[0]["unallocType"], "BONUS_TIER_3");
    assert!(lines.iter().all(|line| line["allocatedToHeadquarters"] == true));
    Ok(())
}

#[tokio::test]
async fn conservation_holds_and_tells_when_it_does_not() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    let adoptions = stand.worked_example().await?;
    stand.set_status(adoptions[2], "CANCELLED").await?;
    stand.settle().await?;
    // numbered and not carried out: identities hold at every commit
    stand.set_status(adoptions[0], "CANCELLED").await?;
    stand.adopt("C").await?;
    stand.number().await?;

    let books = eventually(&stand, |books| books["distributionSeq"] == 5).await?;
    assert_eq!(books["holds"], true, "{books:#}");
    assert_eq!(books["catchingUp"], false);
    let identities = books["identities"].as_array().map(Vec::as_slice).unwrap_or_default();
    assert_eq!(identities.len(), 13);
    assert!(identities.iter().all(|identity| identity["checkedAt"].is_string()));
    let base = &identities[10];
    assert_eq!((&base["identity"], &base["expected"]), (&json!(4), &amount("67851")));

    sqlx::query("UPDATE contribution_accounts SET personal_contribution = personal_contribution + 1 WHERE account_sequence = 'B'")
        .execute(stand.database.pool())
        .await?;
    let books = eventually(&stand, |books| books["holds"] == false).await?;
    let broken = |identity: &&Value| identity["holds"] == false;
    let broken: Vec<_> = books["identities"].as_array().into_iter().flatten().filter(broken).collect();
    assert_eq!(broken.len(), 2, "{books:#}");
    assert_eq!(broken[0]["difference"], amount("1"));
    assert_eq!(broken[1]["difference"], amount("-1"));
    stand.close().await
}

/// The books, once they are as expected: an answer is kept for a moment.
async fn eventually(stand: &Stand, expected: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
    let limit = std::time::Duration::from_secs(30);
    testkit::wait::until("the books are as expected", limit, async || {
        let books = stand.api.json("/conservation").await?;
        Ok(expected(&books).then_some(books))
    })
    .await
}

#[tokio::test]
async fn a_reversed_adoption_is_explained() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    let adoptions = stand.worked_example().await?;
    stand.set_status(adoptions[2], "REFUNDED").await?;
    stand.number().await?;

    let path = format!("/adoptions/{}/explanation", adoptions[2]);
    let numbered = stand.api.json(&path).await?;
    assert_eq!(numbered["entries"][1]["carriedOut"], false);
    assert_eq!(numbered["entries"][1]["asComputed"], Value::Null);
    assert_eq!(numbered["entries"][1]["slots"][0]["lineId"], Value::Null);

    stand.settle().await?;
    let explained = stand.api.json(&path).await?;
    assert_eq!(explained["adoption"]["state"], "reversed");
    assert_eq!(explained["adoption"]["contributionDistributed"], false);
    let [distribute, reverse] = explained["entries"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        anyhow::bail!("{explained:#}");
    };
    assert_eq!((&reverse["kind"], &reverse["reversesSeq"]), (&json!("REVERSE"), &json!(3)));
    assert_eq!((&reverse["carriedOut"], &reverse["asComputed"]), (&json!(true), &json!(true)));
    for slot in 0..24 {
        let (plus, minus) = (&distribute["slots"][slot], &reverse["slots"][slot]);
        for same in ["share", "to", "accountSequence", "systemAccount", "reason", "rate", "expireDate"] {
            assert_eq!(plus[same], minus[same], "slot {slot} {same}");
        }
        if plus["to"] != "NOTHING" {
            let negative = format!("-{}", plus["amount"].as_str().unwrap_or_default());
            assert_eq!(minus["amount"], negative, "slot {slot}");
            assert_eq!(minus["effectiveDate"], json!(stand.business_day().await? + Days::new(1)));
        }
    }
    let c = stand.api.json("/contributions/C").await?;
    assert_eq!(c["totalContribution"], amount("0"));
    assert_eq!(c["effectiveContribution"], amount("15831.9"), "the reversal takes effect tomorrow");
    assert_eq!(c["hasAdopted"], false);
    stand.close().await
}
