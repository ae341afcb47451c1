//! What operators ask of the ingestor, against a real Kafka.
#![allow(clippy::unwrap_used)]

mod common;

use cdc_ingestor::Ingestor;
use chrono::{DateTime, Utc};
use common::stack::{READ, Stack, number, start, step_until};
use common::{Line, USERS, capture};
use persistence::PgPool;
use persistence::operator_requests::{self, Action};
use testkit::database::TestDatabase;

const OPEN: &str = "SELECT count(*) FROM cdc_dead_letters WHERE resolved_at IS NULL";
const LIVE_USERS: &str = "SELECT count(*) FROM synced_users WHERE source_deleted_at IS NULL";

/// Asks, lets the ingestor step until there is an answer, and gives it.
async fn asked(ingestor: &mut Ingestor, pool: &PgPool, action: &Action) -> (bool, String) {
    let mut connection = pool.acquire().await.unwrap();
    let id = operator_requests::ask(&mut connection, "Wang", action, Utc::now()).await.unwrap();
    step_until(ingestor, pool, "SELECT count(*) FROM operator_requests WHERE carried_out_at IS NULL", 0)
        .await;
    let request = operator_requests::get(&mut connection, id).await.unwrap().unwrap();
    (request.succeeded.unwrap(), request.outcome.unwrap())
}

async fn last_letter(pool: &PgPool) -> i64 {
    number(pool, "SELECT max(id) FROM cdc_dead_letters").await
}

fn snapshot_of_users() -> Vec<Line> {
    capture("a").into_iter().take(90).filter(|line| line.topic == USERS).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_read_again_once_its_cause_is_mended() {
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let rows = stack.produce_all(&snapshot_of_users()).await;

    let right = stack.environment(&database.url());
    let mut wrong = right.clone();
    wrong.insert("CONTRIB__CDC__COLUMNS__USERS__ACCOUNT_SEQUENCE".to_owned(), "renamed".to_owned());
    let mut ingestor = start(&wrong, pool);
    step_until(&mut ingestor, pool, READ, rows).await;
    assert_eq!((number(pool, OPEN).await, number(pool, LIVE_USERS).await), (rows, 0));
    let id = last_letter(pool).await;
    let (done, why) = asked(&mut ingestor, pool, &Action::ReplayDeadLetter { id }).await;
    assert!(!done && why.starts_with("refused again: missing_field: "), "{why}");
    assert_eq!(number(pool, OPEN).await, rows);
    drop(ingestor);

    // the message is read from Kafka: what was kept of it has no phone number
    let mut ingestor = start(&right, pool);
    let (done, outcome) = asked(&mut ingestor, pool, &Action::ReplayDeadLetter { id }).await;
    assert_eq!((done, &*outcome), (true, "the row is as the message says"));
    assert_eq!((number(pool, OPEN).await, number(pool, LIVE_USERS).await), (rows - 1, 1));
    let kept = "SELECT count(*) FROM synced_users WHERE phone LIKE '138%'";
    assert_eq!(number(pool, kept).await, 1);
    let (done, why) = asked(&mut ingestor, pool, &Action::ReplayDeadLetter { id }).await;
    assert_eq!((done, &*why), (false, "it is replayed already"));
    let (done, why) = asked(&mut ingestor, pool, &Action::ReplayDeadLetter { id: id + 1 }).await;
    assert!(!done && why.starts_with("there is no dead letter "), "{why}");

    // Kafka forgets, and what was kept is redacted
    stack.forget().await;
    let (done, why) = asked(&mut ingestor, pool, &Action::ReplayDeadLetter { id: id - 1 }).await;
    assert!(!done && why.contains("redacted"), "{why}");
    drop(ingestor);
    stack.remove_topics().await;
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_new_snapshot_did_not_have_is_counted_and_then_marked() {
    let stack = Stack::new();
    stack.create_topics().await;
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let users = snapshot_of_users();
    let rows = stack.produce_all(&users).await;
    let mut ingestor = start(&stack.environment(&database.url()), pool);
    step_until(&mut ingestor, pool, READ, rows).await;

    let since: DateTime<Utc> = Utc::now();
    let again = stack.produce_all(&users[..20]).await;
    step_until(&mut ingestor, pool, READ, rows + again).await;
    let mark = |apply| Action::MarkMissing { source: "upstream".to_owned(), since, apply };
    let users_topic = format!("{}: {}", stack.topic(USERS), rows - again);
    let (done, counted) = asked(&mut ingestor, pool, &mark(false)).await;
    assert!(done && counted.contains("not marked yet") && counted.contains(&users_topic), "{counted}");
    assert_eq!(number(pool, LIVE_USERS).await, rows);
    let (done, marked) = asked(&mut ingestor, pool, &mark(true)).await;
    assert!(done && marked.contains("marked as deleted") && marked.contains(&users_topic), "{marked}");
    assert_eq!(number(pool, LIVE_USERS).await, again);

    let unknown = Action::MarkMissing { source: "elsewhere".to_owned(), since, apply: true };
    let (done, why) = asked(&mut ingestor, pool, &unknown).await;
    assert_eq!((done, &*why), (false, "no table is of the source elsewhere: upstream"));
    drop(ingestor);
    stack.remove_topics().await;
    database.close().await.unwrap();
}
