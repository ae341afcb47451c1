//! Questions with a body, the formula, the team, exports and conditional requests, over the worked example.

mod common;

use chrono::{Days, NaiveDate};
use common::{Stand, problem_of};
use serde_json::{Value, json};

async fn post(stand: &Stand, path: &str, body: &Value) -> anyhow::Result<reqwest::Response> {
    Ok(stand.api.client.post(format!("{}/api/v1{path}", stand.api.base)).json(body).send().await?)
}

async fn answer(stand: &Stand, path: &str, body: &Value) -> anyhow::Result<Value> {
    let answer = post(stand, path, body).await?;
    let status = answer.status();
    let json: Value = answer.json().await?;
    anyhow::ensure!(status.is_success(), "{path}: {status} {json}");
    Ok(json)
}

#[tokio::test]
async fn many_accounts_are_of_one_moment() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    let asked = json!({ "accountSequences": ["B", "nobody", "A", "B"] });
    let batch = answer(&stand, "/contributions:batchGet", &asked).await?;
    for (place, name) in ["B", "A", "B"].into_iter().enumerate() {
        assert_eq!(batch["items"][place], stand.api.json(&format!("/contributions/{name}")).await?, "{name}");
    }
    assert_eq!((&batch["items"][3], &batch["unknown"]), (&Value::Null, &json!(["nobody"])));
    assert_eq!(batch["asOf"], batch["items"][0]["asOf"]);
    let names: Vec<String> = (0..501).map(|n| format!("D{n}")).collect();
    let most = answer(&stand, "/contributions:batchGet", &json!({ "accountSequences": names[1..] })).await?;
    assert_eq!(most["unknown"].as_array().map(Vec::len), Some(500));
    for (body, code, place) in [
        (json!({ "accountSequences": [] }), "invalid_body", "accountSequences"),
        (json!({ "accountSequences": names }), "invalid_body", "accountSequences"),
        (json!({ "accountSequences": ["A", "a b"] }), "invalid_account_sequence", "accountSequences[1]"),
        (json!({ "accountSequences": ["A", 7] }), "invalid_body", "accountSequences[1]"),
        (json!({ "accounts": ["A"] }), "invalid_body", "accounts"),
        (json!(["A"]), "invalid_body", "body"),
    ] {
        let (status, problem) = problem_of(post(&stand, "/contributions:batchGet", &body).await?).await?;
        assert_eq!((status, &problem["code"]), (400, &json!(code)), "{body}: {problem}");
        assert!(
            problem["parameter"].as_str().is_some_and(|found| found.starts_with(place) || place == "body")
        );
    }
    stand.close().await
}

#[tokio::test]
async fn a_body_is_json_and_says_so() -> anyhow::Result<()> {
    let stand = Stand::open(&[]).await?;
    let url = format!("{}/api/v1/contributions:batchGet", stand.api.base);
    for (kind, body, status, code) in [
        (None, "{}", 415, "unsupported_media_type"),
        (Some("text/plain"), "{}", 415, "unsupported_media_type"),
        (Some("application/json"), "", 400, "invalid_body"),
        (Some("application/json"), "{", 400, "invalid_body"),
        (Some("application/json; charset=utf-8"), "{\"accountSequences\":[\"A\"]} x", 400, "invalid_body"),
    ] {
        let mut request = stand.api.client.post(&url).body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        let (found, problem) = problem_of(request.send().await?).await?;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{kind:?} {body}");
    }
    for (path, allowed) in
        [("contributions:batchGet", "POST"), ("operator-requests", "GET, POST"), ("unallocated", "GET")]
    {
        let answer = stand.api.client.delete(format!("{}/api/v1/{path}", stand.api.base)).send().await?;
        assert_eq!(answer.headers()["allow"], allowed, "{path}");
        assert_eq!(problem_of(answer).await?.1["code"], "method_not_allowed");
    }
    for (path, parameter) in [
        ("/unallocated?limits=3", "limits"),
        ("/network/total?a=", "a"),
        ("/contributions/A?from=2026-01-01", "from"),
    ] {
        let (status, problem) = stand.api.problem(path).await?;
        assert_eq!((status, &problem["code"]), (400, &json!("unknown_parameter")), "{path}");
        assert_eq!(problem["parameter"], parameter);
    }
    stand.close().await
}

/// A has referred B; later it refers two more who adopt, and shares of B's two adoptions would be its own by now.
#[tokio::test]
async fn formula_and_team_stand_beside_the_ledger() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    for account in ["D", "E"] {
        stand.refer(account, Some("A")).await?;
        stand.adopt(account).await?;
    }
    stand.settle().await?;
    // with three direct referrals A has tiers 1 and 2; at B's two adoptions it had tier 1 alone
    let missed: Option<String> = sqlx::query_scalar(
        "SELECT sum(amount)::text FROM unallocated_contributions
         WHERE would_be_account_sequence = 'A' AND unalloc_type = 'BONUS_TIER_2'",
    )
    .fetch_one(stand.database.pool())
    .await?;
    let formula = stand.api.json("/contributions/A/formula").await?;
    let row = stand.api.json("/contributions/A").await?;
    assert_eq!((&formula["unlockedBonusTiers"], &formula["ledger"]), (&json!(2), &row["totalContribution"]));
    assert_eq!(formula["difference"], json!(missed));
    assert_eq!(formula["unlockedSince"], json!([{ "share": "bonus tier 2", "lines": 2, "amount": missed }]));
    let sum = |member: &str| domain::Amount::parse(formula[member].as_str().unwrap_or_default());
    assert_eq!(sum("formula")?, sum("ledger")?.checked_add(sum("difference")?)?);

    let team = stand.api.json("/contributions/A/team").await?;
    let counts: Vec<_> = (0..3).map(|level| team["levels"][level]["accounts"].clone()).collect();
    assert_eq!(counts, [3, 1, 0].map(|count| json!(count)), "B, D, E; C below B");
    assert_eq!(team["levels"].as_array().map(Vec::len), Some(15));
    // B twice, D, E; and C on level 2
    assert_eq!(team["levels"][0]["brought"], "452.3400000000");
    assert_eq!(team["levels"][1]["brought"], "113.0850000000");
    assert_eq!((&team["tiers"][1]["missed"], &team["tiers"][1]["missedLines"]), (&json!(missed), &json!(2)));
    let r = stand.api.json("/contributions/R/team").await?;
    for tier in 0..3 {
        assert_eq!(r["tiers"][tier]["missedLines"], 1, "of its one direct referral's adoption: {r}");
    }
    stand.close().await
}

#[tokio::test]
async fn a_simulation_is_what_then_happens() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    let date = stand.adoption_date().await?;
    let ask = json!({ "adoption": {
        "accountSequence": "C", "treeCount": 1, "adoptionDate": date, "contributionPerTree": "22617" } });
    let simulated = answer(&stand, "/simulations", &ask).await?;
    let simulated = &simulated["adoption"];
    let id = stand.adopt("C").await?;
    stand.settle().await?;
    let explained = stand.api.json(&format!("/adoptions/{id}/explanation")).await?;
    let entry = &explained["entries"][0];
    assert_eq!(simulated["outcome"], "distributed");
    for member in ["baseAmount", "planVersion", "networkTreesBefore", "effectiveDate", "expireDate"] {
        assert_eq!(simulated[member], entry[member], "{member}");
    }
    for slot in simulated["slots"].as_array().into_iter().flatten() {
        let place = usize::try_from(slot["slot"].as_u64().unwrap_or_default())?;
        for member in ["amount", "accountSequence", "reason", "wouldBeAccountSequence"] {
            assert_eq!(slot[member], entry["slots"][place][member], "{place} {member}");
        }
    }
    let plan = json!({
        "rates": { "personal": "0.70", "operation": "0.12", "province": "0.01", "city": "0.02",
                   "level_per": "0.005", "bonus_per": "0.025" },
        "pricing": { "base_contribution": "22617", "increment_percentage": "0.003", "unit_size": 100,
                     "start_tree_number": 1000 },
        "unlock": { "level_directs": [0], "level_depths": [15], "tier_directs": [2, 4] },
        "term_years": 2, "never_expiring": [] });
    let journal = answer(&stand, "/simulations", &json!({ "plan": { "plan": plan, "top": 3 } })).await?;
    assert_eq!(journal["plan"]["entries"], 5);
    assert_eq!(journal["plan"]["base"]["used"], "113085.0000000000");
    let mut wrong = plan.clone();
    wrong["rates"]["city"] = json!("0.03");
    for (body, code) in [
        (json!({ "plan": { "plan": wrong } }), "invalid_plan"),
        (json!({ "plan": { "plan": plan, "top": 101 } }), "invalid_body"),
        (json!({ "plan": { "plan": plan, "bottom": 1 } }), "invalid_body"),
        (
            json!({ "adoption": { "accountSequence": "C", "treeCount": 1, "contributionPerTree": "x" } }),
            "invalid_body",
        ),
        (json!({ "adoption": { "accountSequence": "a b", "treeCount": 1 } }), "invalid_body"),
        (json!({ "wish": {} }), "invalid_body"),
    ] {
        let (status, problem) = problem_of(post(&stand, "/simulations", &body).await?).await?;
        assert_eq!((status, &problem["code"]), (400, &json!(code)), "{body}: {problem}");
    }
    let waits = json!({ "adoption": { "accountSequence": "stranger", "treeCount": 1 } });
    assert_eq!(answer(&stand, "/simulations", &waits).await?["adoption"]["outcome"], "waits");
    stand.close().await
}

#[tokio::test]
async fn operators_ask_and_are_told() -> anyhow::Result<()> {
    let stand = Stand::open(&[]).await?;
    let actions = [
        json!({ "action": "roll", "arguments": { "through": "2026-12-31" } }),
        json!({ "action": "replay_dead_letter", "arguments": { "id": 7 } }),
        json!({ "action": "mark_missing",
                "arguments": { "source": "upstream", "since": "2026-11-01T00:00:00Z", "apply": false } }),
    ];
    for action in &actions {
        let made = post(&stand, "/operator-requests", action).await?;
        assert_eq!(made.status(), 201);
        let location = made.headers()["location"].to_str()?.to_owned();
        let row: Value = made.json().await?;
        assert_eq!((&row["action"], &row["arguments"]), (&action["action"], &action["arguments"]));
        assert_eq!(row["carriedOutAt"], Value::Null);
        assert_eq!(stand.api.json(location.trim_start_matches("/api/v1")).await?, row);
    }
    let listed = stand.api.walk("/operator-requests", 2).await?;
    let names: Vec<&str> = listed.iter().filter_map(|request| request["action"].as_str()).collect();
    assert_eq!(names, ["mark_missing", "replay_dead_letter", "roll"]);
    for body in [
        json!({ "action": "drop_everything", "arguments": {} }),
        json!({ "action": "roll", "arguments": { "through": "tomorrow" } }),
        json!({ "action": "roll" }),
    ] {
        let (status, problem) = problem_of(post(&stand, "/operator-requests", &body).await?).await?;
        assert_eq!((status, &problem["code"]), (400, &json!("invalid_body")), "{body}");
    }
    assert_eq!(stand.api.problem("/operator-requests/4711").await?.1["code"], "request_unknown");
    assert_eq!(stand.api.problem("/operator-requests/x").await?.1["code"], "invalid_value");
    stand.close().await
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    let [first, ..] = stand.worked_example().await?;
    let day = stand.seal().await?.snapshot_date;
    let (now, ever) = ("private, no-cache", "private, max-age=86400");
    for (path, holds) in [
        ("/contributions/A".to_owned(), now),
        (format!("/adoptions/{first}/explanation"), now),
        (format!("/snapshots/{day}"), ever),
        (format!("/snapshots/{day}/accounts/A"), ever),
        (format!("/snapshots/{day}/accounts/A/proof"), ever),
    ] {
        let answer = stand.api.get(&path).await?;
        assert_eq!(answer.headers()["cache-control"], holds, "{path}");
        let tag = answer.headers()["etag"].clone();
        assert!(tag.to_str()?.starts_with("W/\""));
        let again = stand.api.client.get(format!("{}/api/v1{path}", stand.api.base));
        let same = again.try_clone().map(|request| request.header("if-none-match", &tag));
        let same = same.ok_or_else(|| anyhow::anyhow!("a request"))?.send().await?;
        assert_eq!((same.status().as_u16(), &same.headers()["etag"]), (304, &tag), "{path}");
        assert!(same.bytes().await?.is_empty());
        let other = again.header("if-none-match", "W/\"other\"").send().await?;
        assert_eq!(other.status(), 200);
    }
    stand.close().await
}

#[tokio::test]
async fn exports_hold_what_the_lists_hold() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    let listed = stand.api.walk("/unallocated", 500).await?;
    let text = stand.api.get("/unallocated.csv").await?.text().await?;
    let lines: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(lines.len(), listed.len());
    for (line, item) in lines.iter().zip(&listed) {
        assert!(line.starts_with(item["id"].as_str().unwrap_or("?")), "{line}");
        assert!(line.contains(item["amount"].as_str().unwrap_or("?")), "{line}");
    }

    // two that wait for their adopters' referrals, and one that does not count
    for account in ["first", "second"] {
        stand.adopt(account).await?;
    }
    let ineligible = stand.adopt("A").await?;
    stand.set_status(ineligible, "CANCELLED").await?;
    stand.settle().await?;
    for (filter, count) in [("", 3), ("?state=waiting", 2), ("?reason=MISSING_REFERRAL", 2)] {
        let listed = stand.api.walk(&format!("/adoptions{filter}"), 1).await?;
        let text = stand.api.get(&format!("/adoptions.csv{filter}")).await?.text().await?;
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!((listed.len(), lines.len()), (count, count), "{filter}");
        for (line, item) in lines.iter().zip(&listed) {
            assert!(line.starts_with(item["originalAdoptionId"].as_str().unwrap_or("?")), "{line}");
            assert!(line.contains(item["state"].as_str().unwrap_or("?")), "{line}");
        }
    }
    stand.close().await
}

/// An account's turns, day by day, are the sums over its lines; so is what was effective on any day.
#[tokio::test]
async fn the_calendar_is_the_sum_of_the_lines() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    let [first, ..] = stand.worked_example().await?;
    stand.set_status(first, "CANCELLED").await?;
    stand.settle().await?;
    let today = stand.business_day().await?;
    let (from, to) = (today - Days::new(30), today + Days::new(800));
    for account in ["R", "A", "B", "C"] {
        let path = format!("/contributions/{account}/calendar?from={from}&to={to}");
        let turns = stand.api.json(&path).await?;
        let mut days: Vec<NaiveDate> = vec![from, today, to];
        for turn in turns["items"].as_array().into_iter().flatten() {
            let day: NaiveDate = serde_json::from_value(turn["day"].clone())?;
            let (activated, expired): (String, String) = sqlx::query_as(
                "SELECT coalesce(sum(amount) FILTER (WHERE effective_date = $2), 0)::numeric(30,10)::text,
                     coalesce(sum(amount) FILTER (WHERE expire_date = $2), 0)::numeric(30,10)::text
                 FROM contribution_records WHERE account_sequence = $1",
            )
            .bind(account)
            .bind(day)
            .fetch_one(stand.database.pool())
            .await?;
            assert_eq!(
                (&turn["activated"], &turn["expired"]),
                (&json!(activated), &json!(expired)),
                "{account} {day}"
            );
            days.extend([day - Days::new(1), day]);
        }
        for day in days {
            let shown = stand.api.json(&format!("/contributions/{account}/as-of/{day}")).await?;
            let summed: String = sqlx::query_scalar(
                "SELECT coalesce(sum(amount), 0)::numeric(30,10)::text FROM contribution_records
                 WHERE account_sequence = $1 AND effective_date <= $2 AND expire_date > $2",
            )
            .bind(account)
            .bind(day)
            .fetch_one(stand.database.pool())
            .await?;
            assert_eq!(shown["effectiveContribution"], summed, "{account} {day}");
        }
    }
    assert_eq!(stand.api.problem("/contributions/A/as-of/2026-02-30").await?.1["code"], "invalid_date");
    assert_eq!(stand.api.problem("/contributions/A/calendar?from=2020-01-01&to=2040-01-01").await?.0, 400);
    stand.close().await
}
