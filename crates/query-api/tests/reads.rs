//! A replica that lags, and a caller who knows what must be in the answer.

mod common;

use std::time::Instant;

use common::{Stand, problem_of};
use testkit::database::TestDatabase;

#[tokio::test]
async fn a_caller_reads_what_it_knows_to_be_there() -> anyhow::Result<()> {
    // a copy that stands still
    let replica = TestDatabase::create().await?;
    let mut stand = Stand::open(&[("CONTRIB__DATABASE__READ_URL", &replica.url())]).await?;
    stand.worked_example().await?;
    let api = &stand.api;
    assert_eq!(api.problem("/contributions/A").await?.1["code"], "account_unknown", "the replica lags");
    assert_eq!(api.json("/network/total").await?["asOf"]["distributionSeq"], 0);
    let row = api.json("/contributions/A?minSeq=4").await?;
    assert_eq!((&row["hasAdopted"], &row["asOf"]["distributionSeq"]), (&true.into(), &4.into()));
    assert_eq!(api.json("/network/total?minSeq=4").await?["asOf"]["distributionSeq"], 4);
    let lines = api.json("/contributions/A/details?minSeq=4").await?;
    assert!(lines["items"].as_array().is_some_and(|lines| !lines.is_empty()));
    let csv = api.get("/contributions/A/details.csv?minSeq=4").await?.text().await?;
    assert_eq!(csv.lines().count(), 1 + lines["items"].as_array().map_or(0, Vec::len));

    let began = Instant::now();
    let answer = api.get("/contributions/A?minSeq=5").await?;
    assert!((2..4).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(answer.headers()["retry-after"], "1");
    let (status, problem) = problem_of(answer).await?;
    assert_eq!((status, &problem["code"]), (409, &"entry_not_yet".into()));
    for wrong in ["-1", "x", "1.5"] {
        let (status, problem) = api.problem(&format!("/contributions/A?minSeq={wrong}")).await?;
        assert_eq!((status, &problem["parameter"]), (400, &"minSeq".into()));
    }
    stand.close().await?;
    replica.close().await
}

#[tokio::test]
async fn an_answer_waits_for_its_entry() -> anyhow::Result<()> {
    let mut stand = Stand::open(&[]).await?;
    stand.refer("A", None).await?;
    stand.adopt("A").await?;
    stand.number().await?;
    let asking = tokio::spawn({
        let (client, base) = (stand.api.client.clone(), stand.api.base.clone());
        async move {
            let address = format!("{base}/api/v1/contributions/A?minSeq=1");
            loop {
                let answer = client.get(&address).send().await?;
                // on a slow machine the entry is there later than an answer waits
                if answer.status() != 503 {
                    return anyhow::Ok(answer);
                }
            }
        }
    });
    let first = stand.api.json("/contributions/A").await?;
    assert_eq!(first["asOf"]["distributionSeq"], 0);
    stand.settle().await?;
    let answer = tokio::time::timeout(testkit::wait::LIMIT, asking).await???;
    let row: serde_json::Value = answer.json().await?;
    assert_eq!((&row["hasAdopted"], &row["asOf"]["distributionSeq"]), (&true.into(), &1.into()));
    stand.close().await
}

/// One-row tables are never analysed: by their guessed sizes a look-up of one account is worth compiling, for half a second.
#[tokio::test]
async fn readers_compile_nothing_in_the_server() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let pool = persistence::views::connect(&database.url(), 1, "reader")?;
    let jit: String = sqlx::query_scalar("SHOW jit").fetch_one(&pool).await?;
    assert_eq!(jit, "off");
    pool.close().await;
    database.close().await
}
