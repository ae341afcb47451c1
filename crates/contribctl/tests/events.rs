//! Identity 7 and `report`, with what the relay has really published.

mod support;

use std::time::{Duration, Instant};

use outbox_relay::Relay;
use runtime::{Settings, Worker};
use sqlx::Executor;
use support::books::Books;
use support::{CONFIG, Variables, all, contribctl, failed, stdout};

/// Books whose events go to topics of their own.
async fn published() -> anyhow::Result<(Books, Variables)> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    books.eventful_life().await?;
    let mut variables = books.variables();
    let own = uuid::Uuid::new_v4().simple();
    variables.extend([
        ("CONTRIB__KAFKA__BROKERS", testkit::required("CONTRIB_TEST_KAFKA_BROKERS")?),
        ("CONTRIB__KAFKA__ACCOUNT_EVENTS_TOPIC", format!("test.{own}.account_events")),
        ("CONTRIB__KAFKA__SNAPSHOT_EVENTS_TOPIC", format!("test.{own}.snapshot_events")),
    ]);
    publish(&books, &variables).await?;
    Ok((books, variables))
}

async fn publish(books: &Books, variables: &Variables) -> anyhow::Result<()> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    let settings = Settings::load_from(CONFIG.as_ref(), variables)?;
    let mut relay = Relay::new(books.pool().clone(), &settings);
    let limit = Instant::now() + Duration::from_mins(1);
    loop {
        relay.run_once().await?;
        let left: i64 =
            sqlx::query_scalar("SELECT count(*) FROM outbox_events").fetch_one(books.pool()).await?;
        if left == 0 {
            break;
        }
        anyhow::ensure!(Instant::now() < limit, "{left} events are not published");
    }
    relay.close().await;
    Ok(())
}

#[tokio::test]
async fn published_totals_are_those_of_the_rows() -> anyhow::Result<()> {
    let (books, variables) = published().await?;
    let verify = ["verify", "--json"];
    let output = contribctl(&verify, &variables)?;
    assert_eq!((failed(&output)?, output.status.code()), (vec![], Some(0)), "{}", all(&output));

    for change in [
        "UPDATE contribution_accounts SET total_contribution = total_contribution + 1 WHERE account_sequence = 'A'",
        "UPDATE contribution_accounts SET effective_contribution = 0 WHERE account_sequence = 'B'",
        "UPDATE contribution_accounts SET version = version + 1 WHERE account_sequence = 'C'",
        "UPDATE contribution_accounts SET version = version - 1 WHERE account_sequence = 'C'",
        "UPDATE published_ledger SET epoch = 2",
        "DELETE FROM contribution_accounts WHERE account_sequence = 'R'",
    ] {
        let keep = "CREATE TABLE kept AS TABLE contribution_accounts";
        books.pool().execute(keep).await?;
        books.pool().execute(change).await?;
        let output = contribctl(&["verify", "--json", "--only", "7"], &variables)?;
        assert_eq!(
            (failed(&output)?, output.status.code()),
            (vec![7], Some(1)),
            "{change}: {}",
            all(&output)
        );
        let restore =
            "TRUNCATE contribution_accounts; INSERT INTO contribution_accounts TABLE kept; DROP TABLE kept;
                       UPDATE published_ledger SET epoch = 1";
        books.pool().execute(restore).await?;
    }
    books.close().await
}

#[tokio::test]
async fn events_that_wait_are_said_and_not_held_against_the_books() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let output = contribctl(&["verify", "--only", "7"], &books.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(stdout(&output).contains("events still wait to be published"), "{}", all(&output));
    books.close().await
}

#[tokio::test]
async fn the_report_measures_live_adoptions() -> anyhow::Result<()> {
    let (books, variables) = published().await?;
    let output = contribctl(&["report"], &variables)?;
    assert!(stdout(&output).contains("no live adoptions yet"), "{}", all(&output));
    // the gate opened before upstream's rows came about: all of them count as live
    books.pool().execute("UPDATE sequencer_state SET bootstrap_opened_at = '2020-01-01'").await?;
    let output = contribctl(&["report"], &variables)?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(stdout(&output).contains("live adoptions measured"), "{}", all(&output));
    assert!(stdout(&output).contains("10 of 10"), "{}", all(&output));
    books.close().await
}
