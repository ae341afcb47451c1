//! What is asked for in the wrong way, paging, exports, names with odd characters, and a database that is away.

mod common;

use std::collections::HashSet;
use std::str::FromStr;
use std::time::{Duration, Instant};

use common::{Api, Stand, problem_of, settings};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use testkit::database::TestDatabase;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

#[tokio::test]
async fn refusals_name_what_is_wrong() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    let api = &stand.api;
    let page = api.json("/contributions/A/details?limit=1").await?;
    let cursor = page["nextCursor"].as_str().unwrap_or_default().to_owned();
    let tampered = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
    for (path, status, code, parameter) in [
        ("/contributions/A/details?limit=0".to_owned(), 400, "invalid_limit", "limit"),
        ("/contributions/A/details?limit=501".to_owned(), 400, "invalid_limit", "limit"),
        ("/contributions/A/details?limit=ten".to_owned(), 400, "invalid_limit", "limit"),
        ("/contributions/A/details?from=2026-02-30".to_owned(), 400, "invalid_date", "from"),
        ("/contributions/A/details?to=20260101".to_owned(), 400, "invalid_date", "to"),
        ("/contributions/A/details?to=2026-1-1".to_owned(), 400, "invalid_date", "to"),
        ("/contributions/A/details?from=2026-02-02&to=2026-02-01".to_owned(), 400, "invalid_date", "to"),
        ("/contributions/A/details?sourceType=personal".to_owned(), 400, "invalid_value", "sourceType"),
        ("/contributions/A/details?cursor=***".to_owned(), 400, "invalid_cursor", "cursor"),
        ("/contributions/A/details?cursor=AAAA".to_owned(), 400, "invalid_cursor", "cursor"),
        (format!("/contributions/A/details?cursor={tampered}"), 400, "invalid_cursor", "cursor"),
        (format!("/contributions/B/details?cursor={cursor}"), 400, "invalid_cursor", "cursor"),
        (
            format!("/contributions/A/details?sourceType=PERSONAL&cursor={cursor}"),
            400,
            "invalid_cursor",
            "cursor",
        ),
        (format!("/unallocated?cursor={cursor}"), 400, "invalid_cursor", "cursor"),
        ("/adoptions?state=lost".to_owned(), 400, "invalid_value", "state"),
        ("/adoptions/17/explanation".to_owned(), 400, "invalid_adoption_id", "originalAdoptionId"),
        ("/contributions/SYS-CITY".to_owned(), 400, "invalid_account_sequence", "accountSequence"),
        ("/contributions/a%2Fb".to_owned(), 400, "invalid_account_sequence", "accountSequence"),
        ("/contributions/a%20b".to_owned(), 400, "invalid_account_sequence", "accountSequence"),
        ("/contributions/%FF".to_owned(), 400, "invalid_account_sequence", "accountSequence"),
        (
            "/contributions/123456789012345678901".to_owned(),
            400,
            "invalid_account_sequence",
            "accountSequence",
        ),
        ("/contributions/unknown".to_owned(), 404, "account_unknown", ""),
        ("/contributions/unknown/details".to_owned(), 404, "account_unknown", ""),
        ("/contributions/unknown/details.csv".to_owned(), 404, "account_unknown", ""),
        (format!("/adoptions/{}/explanation", Uuid::nil()), 404, "adoption_unknown", ""),
        ("/contributions".to_owned(), 404, "route_unknown", ""),
        ("/contributions/A/nothing".to_owned(), 404, "route_unknown", ""),
    ] {
        let (found, problem) = api.problem(&path).await?;
        assert_eq!((found, &problem["code"]), (status, &Value::from(code)), "{path}: {problem}");
        assert_eq!(problem["parameter"].as_str().unwrap_or_default(), parameter, "{path}");
    }
    for path in ["/api/v1/contributions/A", "/api/v1/network/total", "/health/live", "/"] {
        let answer = api.client.delete(format!("{}{path}", api.base)).send().await?;
        assert_eq!(answer.headers()["allow"], "GET", "{path}");
        assert_eq!(problem_of(answer).await?.1["code"], "method_not_allowed", "{path}");
    }
    let answer = api.client.get(format!("{}/nothing", api.base)).send().await?;
    assert_eq!(problem_of(answer).await?.1["code"], "route_unknown");
    let long = api.get(&format!("/unallocated?cursor={}", "a".repeat(9000))).await?;
    assert_eq!(problem_of(long).await?.0, 414);
    let large = api.client.get(format!("{}/api/v1/unallocated", api.base)).body(vec![0_u8; 70_000]);
    assert_eq!(problem_of(large.send().await?).await?.0, 413);
    stand.close().await
}

#[tokio::test]
async fn a_walk_meets_every_line_once() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    for _ in 0..12 {
        stand.adopt("B").await?;
    }
    stand.settle().await?;
    for path in ["/contributions/A/details", "/contributions/R/details?sourceType=TEAM_LEVEL", "/unallocated"]
    {
        let whole =
            stand.api.json(&format!("{path}{}limit=500", if path.contains('?') { '&' } else { '?' })).await?;
        let whole = whole["items"].as_array().cloned().unwrap_or_default();
        assert!(whole.len() > 10, "{path}: {}", whole.len());
        let ids: HashSet<&str> = whole.iter().filter_map(|line| line["id"].as_str()).collect();
        assert_eq!(ids.len(), whole.len(), "{path}");
        assert!(whole.is_sorted_by(|a, b| a["id"].as_str() > b["id"].as_str()), "{path}: newest first");
        for limit in [1, 7, whole.len()] {
            assert_eq!(stand.api.walk(path, limit).await?, whole, "{path} by {limit}");
        }
    }
    stand.close().await
}

#[tokio::test]
async fn the_backlog_says_what_waits_for_what() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.refer("A", Some("R")).await?;
    let (waits, odd) = (stand.adopt("A").await?, stand.adopt("B").await?);
    sqlx::query("UPDATE synced_adoptions SET tree_count = 0 WHERE original_adoption_id = $1")
        .bind(odd)
        .execute(stand.database.pool())
        .await?;
    stand.settle().await?;
    let waiting = stand.api.json("/adoptions?state=waiting").await?;
    let item = &waiting["items"][0];
    assert_eq!(waiting["items"].as_array().map(Vec::len), Some(1), "{waiting}");
    assert_eq!(item["originalAdoptionId"], waits.to_string());
    assert_eq!((&item["reason"], &item["waitingFor"]), (&"MISSING_REFERRAL: R".into(), &"R".into()));
    assert_eq!((&item["stalled"], &item["accountSequence"]), (&false.into(), &"A".into()));
    assert!(item["ageSeconds"].as_i64().is_some_and(|age| (0..60).contains(&age)));
    let anomalies = stand.api.json("/adoptions?reason=TREE_COUNT").await?;
    assert_eq!(anomalies["items"][0]["originalAdoptionId"], odd.to_string());
    assert_eq!(anomalies["items"][0]["state"], "anomaly");
    assert_eq!(stand.api.json("/adoptions?state=stalled").await?["items"], serde_json::json!([]));
    sqlx::query("UPDATE sequencer_backlog SET since = since - interval '25 hours'")
        .execute(stand.database.pool())
        .await?;
    let stalled = stand.api.json("/adoptions?state=stalled").await?;
    assert_eq!(stalled["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(stalled["items"][0]["stalled"], true);
    assert_eq!(stand.api.walk("/adoptions", 1).await?.len(), 2);
    let explained = stand.api.json(&format!("/adoptions/{waits}/explanation")).await?;
    assert_eq!(explained["adoption"]["state"], "waiting");
    assert_eq!(explained["adoption"]["waitingFor"], "R");
    assert_eq!(explained["entries"], serde_json::json!([]));

    let status = stand.api.json("/sync-status").await?;
    assert_eq!((&status["adoptions"]["waiting"], &status["adoptions"]["stalled"]), (&1.into(), &1.into()));
    assert_eq!(status["adoptions"]["anomaly"], 1);
    assert_eq!(status["topics"][0]["bootstrap"], "complete");
    assert_eq!(status["sequencer"]["bootstrapOpen"], true);
    stand.close().await
}

#[tokio::test]
async fn the_csv_holds_every_line() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.refer("=R", None).await?;
    stand.refer("=1+cmd|'A'", Some("=R")).await?;
    for _ in 0..1100 {
        stand.adopt("=1+cmd|'A'").await?;
    }
    stand.settle().await?;
    let answer = stand.api.get("/contributions/%3DR/details.csv").await?;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(answer.headers()["x-distribution-seq"], "1100");
    let text = answer.text().await?;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1101);
    assert!(lines[0].starts_with("id,distributionSeq,slot,sourceType,"));
    let distinct: HashSet<&&str> = lines.iter().collect();
    assert_eq!(distinct.len(), 1101);
    assert!(lines[1].contains(",1100,4,TEAM_LEVEL,"), "{}", lines[1]);
    assert!(
        lines[1].contains(",\"'=1+cmd|'A'\",1,22617.0000000000,0.005000,1,,113.0850000000,"),
        "{}",
        lines[1]
    );
    let filtered = stand.api.get("/contributions/%3DR/details.csv?sourceType=PERSONAL").await?.text().await?;
    assert_eq!(filtered.lines().count(), 1);
    stand.close().await
}

#[tokio::test]
async fn an_account_is_known_by_what_names_it() -> anyhow::Result<()> {
    let stand = Stand::open(&[]).await?;
    let odd = "百分%41+&?#;=.é";
    let encoded = utf8_percent_encode(odd, NON_ALPHANUMERIC).to_string();
    assert_eq!(stand.api.problem(&format!("/contributions/{encoded}")).await?.0, 404);
    stand.refer("child", Some(odd)).await?;
    for name in ["child", &encoded] {
        let row = stand.api.json(&format!("/contributions/{name}")).await?;
        assert_eq!(row["totalContribution"], "0.0000000000");
        assert_eq!((&row["version"], &row["hasAdopted"]), (&0.into(), &false.into()));
        let details = stand.api.json(&format!("/contributions/{name}/details")).await?;
        assert_eq!(details["items"], serde_json::json!([]));
    }
    assert_eq!(stand.api.json(&format!("/contributions/{encoded}")).await?["accountSequence"], odd);
    sqlx::query("UPDATE synced_referrals SET source_deleted_at = now()")
        .execute(stand.database.pool())
        .await?;
    assert_eq!(stand.api.get("/contributions/child").await?.status(), 200, "deleted rows have named it");
    sqlx::query("INSERT INTO synced_users (account_sequence, original_user_id, source_sequence_num) VALUES ('U', $1, 1)")
        .bind(Uuid::new_v4())
        .execute(stand.database.pool())
        .await?;
    assert_eq!(stand.api.get("/contributions/U").await?.status(), 200);
    stand.close().await
}

#[tokio::test]
async fn effective_contribution_says_for_which_day() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.worked_example().await?;
    let today = stand.business_day().await?;
    let yesterday = today.pred_opt().unwrap_or(today);
    for (phase, cursor, b, all) in [
        ("summing", None, yesterday, Some(yesterday)),
        ("accounts", None, yesterday, Some(yesterday)),
        ("accounts", Some("A"), yesterday, None),
        ("accounts", Some("B"), today, None),
        ("marking", None, today, Some(today)),
        ("idle", None, today, Some(today)),
    ] {
        sqlx::query("UPDATE business_day SET roll_phase = $1, roll_cursor = $2")
            .bind(phase)
            .bind(cursor)
            .execute(stand.database.pool())
            .await?;
        let row = stand.api.json("/contributions/B").await?;
        assert_eq!(row["effectiveOn"], serde_json::json!(b), "{phase} {cursor:?}");
        let system = stand.api.json("/system-accounts").await?;
        assert_eq!(system["effectiveOn"], serde_json::json!(all), "{phase} {cursor:?}");
    }
    stand.close().await
}

#[tokio::test]
async fn dead_letters_are_listed_without_their_content() -> anyhow::Result<()> {
    let stand = Stand::open(&[]).await?;
    for offset in 0..5_i64 {
        sqlx::query(
            r#"INSERT INTO cdc_dead_letters (topic, partition, "offset", value, error_code, error)
               VALUES ('users', 0, $1, 'secret', $2, 'not a user')"#,
        )
        .bind(offset)
        .bind(if offset % 2 == 0 { "even" } else { "odd" })
        .execute(stand.database.pool())
        .await?;
    }
    sqlx::query(r#"UPDATE cdc_dead_letters SET resolved_at = now() WHERE "offset" = 4"#)
        .execute(stand.database.pool())
        .await?;
    let letters = stand.api.walk("/dead-letters", 3).await?;
    let offsets: Vec<_> = letters.iter().filter_map(|letter| letter["offset"].as_i64()).collect();
    assert_eq!(offsets, [3, 2, 1, 0]);
    assert!(!serde_json::to_string(&letters)?.contains("secret"));
    assert_eq!(stand.api.walk("/dead-letters?code=odd", 1).await?.len(), 2);
    stand.close().await
}

#[tokio::test]
async fn answers_carry_the_headers_that_protect_them() -> anyhow::Result<()> {
    let stand = Stand::open(&[]).await?;
    let answer = stand.api.get("/contributions/unknown").await?;
    for (header, value) in
        [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("cache-control", "no-store")]
    {
        assert_eq!(answer.headers()[header], value);
    }
    assert!(answer.headers()["content-security-policy"].to_str()?.starts_with("default-src 'none'"));
    let console = stand.api.client.get(&stand.api.base).send().await?;
    let policy = console.headers()["content-security-policy"].to_str()?.to_owned();
    let nonce = policy
        .split("script-src 'nonce-")
        .nth(1)
        .and_then(|rest| rest.split('\'').next())
        .unwrap_or_default()
        .to_owned();
    let page = console.text().await?;
    assert_eq!(nonce.len(), 32);
    assert_eq!(page.matches(&format!("nonce=\"{nonce}\"")).count(), 2);
    assert!(!page.contains("{{nonce}}") && !page.contains("http://") && !page.contains("https://"));
    stand.close().await
}

#[tokio::test]
async fn a_database_that_is_away_is_said_to_be() -> anyhow::Result<()> {
    let nowhere = settings("postgres://postgres@127.0.0.1:1/none", &[])?;
    let api = Api::start(&nowhere)?;
    let live = api.client.get(format!("{}/health/live", api.base)).send().await?;
    assert_eq!(live.status(), 200);
    let ready = api.client.get(format!("{}/health/ready", api.base)).send().await?;
    assert_eq!(ready.status(), 503);
    for path in ["/contributions/A", "/network/total", "/conservation", "/sync-status", "/unallocated"] {
        let began = Instant::now();
        let (status, problem) = api.problem(path).await?;
        assert_eq!((status, &problem["code"]), (503, &"database_unavailable".into()), "{path}");
        assert!(began.elapsed() < Duration::from_secs(5), "{path}");
    }
    api.stop().await
}

#[tokio::test]
async fn a_database_that_goes_away_comes_back() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let server = PgConnectOptions::from_str(&database.url())?;
    let mut line = Line::open(format!("{}:{}", server.get_host(), server.get_port()))?;
    let through_line = server.host("127.0.0.1").port(line.port).to_url_lossy().to_string();
    let api = Api::start(&settings(&database.url(), &[("CONTRIB__DATABASE__READ_URL", &through_line)])?)?;
    api.ready().await?;
    assert_eq!(api.get("/unallocated").await?.status(), 200);
    line.cut();
    let (status, problem) = api.problem("/unallocated").await?;
    assert_eq!((status, &problem["code"]), (503, &"database_unavailable".into()));
    line = line.mend().await?;
    testkit::wait::until("it answers again", testkit::wait::LIMIT, async || {
        Ok((api.get("/unallocated").await?.status() == 200).then_some(()))
    })
    .await?;
    api.ready().await?;
    line.cut();
    api.stop().await?;
    database.close().await
}

/// A line to a server that can be cut.
struct Line {
    port: u16,
    server: String,
    accepting: JoinHandle<()>,
}

impl Line {
    fn open(server: String) -> anyhow::Result<Self> {
        Self::listen(server, 0)
    }

    fn listen(server: String, port: u16) -> anyhow::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(([127, 0, 0, 1], port).into())?;
        let listener = socket.listen(64)?;
        let port = listener.local_addr()?.port();
        let to = server.clone();
        let accepting = tokio::spawn(async move {
            // dropped with the task, which ends every connection
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let to = to.clone();
                connections.spawn(async move {
                    let Ok(mut server) = TcpStream::connect(to).await else { return };
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Ok(Self { port, server, accepting })
    }

    fn cut(&self) {
        self.accepting.abort();
    }

    async fn mend(self) -> anyhow::Result<Self> {
        // the port is free once the task that listened has ended
        let _ = self.accepting.await;
        Self::listen(self.server, self.port)
    }
}
