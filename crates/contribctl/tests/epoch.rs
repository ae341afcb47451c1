//! `contribctl epoch raise`, and requests that nobody carries out.

mod support;

use support::books::Books;
use support::{all, contribctl, failed, stdout};

#[tokio::test]
async fn every_account_is_published_again_under_the_new_epoch() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let totals = "SELECT string_agg(account_sequence || '=' || total_contribution || '/' || effective_contribution, ' '
                     ORDER BY account_sequence) FROM contribution_accounts";
    let before: String = sqlx::query_scalar(totals).fetch_one(books.pool()).await?;
    sqlx::query("DELETE FROM outbox_events").execute(books.pool()).await?;

    let raise = ["epoch", "raise", "published", "--by", "Wang"];
    let output = contribctl(&raise, &books.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(
        stdout(&output).contains("the epoch of published is 2\n4 accounts are on their way"),
        "{}",
        all(&output)
    );
    assert_eq!(sqlx::query_scalar::<_, String>(totals).fetch_one(books.pool()).await?, before);
    let events: Vec<(String, i32, i64, bool)> = sqlx::query_as(
        "SELECT aggregate_id, o.epoch, o.version,
             o.version = a.version AND payload::jsonb ->> 'totalContribution' = a.total_contribution::text
             AND payload::jsonb ->> 'epoch' = '2'
         FROM outbox_events o JOIN contribution_accounts a ON a.account_sequence = o.aggregate_id ORDER BY 1",
    )
    .fetch_all(books.pool())
    .await?;
    let names: Vec<&str> = events.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["A", "B", "C", "R"]);
    assert!(
        events.iter().all(|(_, epoch, version, same)| *epoch == 2 && *version > 1 && *same),
        "{events:?}"
    );

    let output = contribctl(&["verify", "--json", "--only", "1,2,3,4,5,6,8,9"], &books.variables())?;
    assert_eq!((failed(&output)?, output.status.code()), (vec![], Some(0)), "{}", all(&output));
    books.close().await
}

#[tokio::test]
async fn a_source_is_raised_by_name_and_on_record() -> anyhow::Result<()> {
    let books = Books::open().await?;
    for epoch in ["1", "2"] {
        let output = contribctl(&["epoch", "raise", "upstream", "--by", "Wang"], &books.variables())?;
        assert_eq!(stdout(&output).trim(), format!("the epoch of upstream is {epoch}"), "{}", all(&output));
    }
    let noted: Vec<(String, String)> =
        sqlx::query_as("SELECT who, details FROM audit_log WHERE action = 'raise epoch' ORDER BY id")
            .fetch_all(books.pool())
            .await?;
    let noted: Vec<_> = noted.iter().map(|(who, details)| (who.as_str(), details.as_str())).collect();
    assert_eq!(noted, [("Wang", "upstream to 1"), ("Wang", "upstream to 2")]);
    let output = contribctl(&["epoch", "raise", "elsewhere", "--by", "Wang"], &books.variables())?;
    assert_eq!(output.status.code(), Some(2), "{}", all(&output));
    books.close().await
}

#[tokio::test]
async fn a_request_that_nobody_carries_out_stays_open() -> anyhow::Result<()> {
    let books = Books::open().await?;
    let replay = ["dead-letters", "replay", "1", "--by", "Wang", "--timeout", "0"];
    let output = contribctl(&replay, &books.variables())?;
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(all(&output).contains("request 1 is not carried out yet; it stays open"), "{}", all(&output));
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM operator_requests WHERE carried_out_at IS NULL AND action = 'replay_dead_letter'")
            .fetch_one(books.pool())
            .await?;
    assert_eq!(open, 1);
    books.close().await
}
