//! Three years, day by day, with history and live load (RULES sections 6 to 8).

use chrono::{Days, NaiveDate};
use domain::AccountSequence;
use persistence::views::calendar;
use testkit::history::History;

use crate::stage::{Stage, day};

#[tokio::test]
async fn three_years_end_in_what_the_rules_say() -> anyhow::Result<()> {
    let first = day(2027, 2, 20);
    let settings = [("ROLL__ACCOUNTS", "7"), ("ROLL__ENTRIES", "5"), ("DISTRIBUTOR__CHUNK_SIZE", "3")];
    let mut stage = Stage::new(first, &settings).await?;
    let mut history = History::new(7, first);
    history.go_on(stage.pool(), 120).await?;
    stage.settle().await?;
    for nth in 1..=3 * 365 + 1 {
        let today = first + Days::new(nth);
        stage.noon_of(today);
        history.set_today(today);
        if nth % 3 == 0 {
            history.go_on(stage.pool(), 1).await?;
        }
        stage.settle().await?;
        if nth % 365 == 0 {
            stage.audit().await?;
            any_day_is_answered(&stage, today).await?;
        }
    }
    history.end(stage.pool()).await?;
    stage.settle().await?;
    stage.audit().await?;
    let sealed = "SELECT count(*) || ' ' || count(*) FILTER (WHERE complete) FROM snapshots";
    assert_eq!(stage.text(sealed).await?, "1096 1096");
    stage.close().await
}

/// What is answered for any day is what the lines say, added up or not.
async fn any_day_is_answered(stage: &Stage, today: NaiveDate) -> anyhow::Result<()> {
    let mut connection = stage.pool().acquire().await?;
    for account in stage.texts("SELECT account_sequence FROM contribution_accounts LIMIT 12").await? {
        let account = AccountSequence::parse(&account)?;
        let mut turned = domain::Amount::ZERO;
        for turn in calendar::turns(&mut connection, &account, day(2000, 1, 1), today).await? {
            turned = turned.checked_add(turn.activated)?.checked_sub(turn.expired)?;
        }
        for date in [today - Days::new(400), today - Days::new(1), today, today + Days::new(300)] {
            let answer = calendar::effective_on(&mut connection, &account, date).await?;
            let lines: String = sqlx::query_scalar(
                "SELECT coalesce(sum(amount), 0.0000000000)::text FROM contribution_records
                 WHERE account_sequence = $1 AND effective_date <= $2 AND expire_date > $2",
            )
            .bind(account.as_str())
            .bind(date)
            .fetch_one(&mut *connection)
            .await?;
            assert_eq!(answer.to_string(), lines, "{} on {date}", account.as_str());
            assert!(date != today || answer == turned, "{} on {date}", account.as_str());
        }
    }
    Ok(())
}
