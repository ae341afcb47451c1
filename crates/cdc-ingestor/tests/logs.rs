//! What the ingestor tells, with everything logged that can be, holds no phone number.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs::{self, File};

use common::stack::{LIMIT, Process, READ, Stack, number, wait_until};
use common::{Line, USERS, capture};
use testkit::database::TestDatabase;
use testkit::wait::until;

const PHONE: &str = "13800000001";

/// Users with a phone number: what can be read, and what cannot.
fn messages() -> Vec<Line> {
    let lines = capture("a");
    let user = lines[92 - 1].with(r#""phone":"t3""#, &format!(r#""phone":"{PHONE}""#));
    let mut torn = user.clone();
    torn.value = torn.value.map(|value| value[..value.len() - 9].to_owned());
    let before = lines[..90].iter().filter(|line| line.topic == USERS).cloned();
    before.chain([user.with(r#""op":"c""#, r#""op":"x""#), torn, user]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_phone_number_is_logged() {
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    // the server's own message of such a refusal quotes the row
    let refuse = format!("ALTER TABLE synced_users ADD CONSTRAINT refused CHECK (phone <> '{PHONE}')");
    sqlx::raw_sql(&refuse).execute(pool).await.unwrap();

    let log = tempfile::NamedTempFile::new().unwrap();
    let mut environment = stack.environment(&database.url());
    environment.insert("RUST_LOG".to_owned(), "trace,librdkafka=debug".to_owned());
    let start = || {
        let output = File::options().append(true).open(log.path()).unwrap();
        Process::start_telling(&environment, output)
    };
    let all = stack.produce_all(&messages()).await;
    let halted = start();
    until("a refusal to be logged", LIMIT, async || {
        Ok(fs::read_to_string(log.path())?.contains("violates check constraint").then_some(()))
    })
    .await
    .unwrap();
    drop(halted);
    sqlx::raw_sql("ALTER TABLE synced_users DROP CONSTRAINT refused").execute(pool).await.unwrap();
    let process = start();
    wait_until(pool, READ, all).await;
    process.terminate().await;

    let kept = format!("SELECT count(*) FROM synced_users WHERE phone = '{PHONE}'");
    assert_ne!(number(pool, &kept).await, 0, "it was there to be told");
    assert_eq!(number(pool, "SELECT count(*) FROM cdc_dead_letters").await, 2);
    let told = fs::read_to_string(log.path()).unwrap();
    assert!(told.contains("TRACE") && told.contains("INSERT INTO synced_users"), "{told}");
    assert!(!told.contains(PHONE), "{}", told.lines().find(|line| line.contains(PHONE)).unwrap());
    stack.remove_topics().await;
    database.close().await.unwrap();
}
