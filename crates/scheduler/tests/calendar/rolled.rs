//! One roll after the other, looked at closely (RULES sections 6 and 7).

use chrono::Days;
use runtime::{Progress, Worker};
use testkit::synced::{self, Adoption};

use crate::stage::{Stage, day, read_through};

const EFFECTIVE: &str = "SELECT coalesce(sum(effective_contribution), 0)::text FROM contribution_accounts";
const DAY: &str = "SELECT current_day::text || ' ' || roll_phase FROM business_day";

/// Years pass quickly where no day is sealed.
async fn without_snapshots(stage: &Stage) -> anyhow::Result<()> {
    sqlx::query("UPDATE business_day SET snapshots_from = DATE '2100-01-01'").execute(stage.pool()).await?;
    Ok(())
}

/// R ← A ← B, and an adoption of each but R on `from`.
async fn two_adoptions(stage: &mut Stage, from: chrono::NaiveDate) -> anyhow::Result<()> {
    for (account, referrer) in [("R", None), ("A", Some("R")), ("B", Some("A"))] {
        synced::referral(stage.pool(), account, referrer).await?;
    }
    synced::adoption(stage.pool(), &Adoption::new("A", from, 1)).await?;
    synced::adoption(stage.pool(), &Adoption::new("B", from, 2)).await?;
    stage.distribute().await
}

#[tokio::test]
async fn a_line_counts_from_the_day_after_until_it_expires() -> anyhow::Result<()> {
    let first = day(2027, 2, 27);
    let mut stage = Stage::new(first, &[("ROLL__ACCOUNTS", "2"), ("ROLL__MAX_UNATTENDED", "1000")]).await?;
    without_snapshots(&stage).await?;
    two_adoptions(&mut stage, first).await?;
    assert_eq!(stage.text(EFFECTIVE).await?, "0.0000000000");
    stage.settle().await?;
    assert_eq!(stage.text(DAY).await?, "2027-02-27 idle");

    stage.noon_of(day(2027, 2, 28));
    stage.settle().await?;
    assert_eq!(stage.text(DAY).await?, "2027-02-28 idle");
    // A and B 15831.9 each, and A's 565.425 and 113.085 of B's, R's 113.085 of A's and of B's
    assert_eq!(stage.text(EFFECTIVE).await?, "32568.4800000000");
    stage.audit().await?;

    // effective 28 February 2027, so it expires on 28 February 2029
    stage.noon_of(day(2029, 2, 27));
    stage.settle().await?;
    assert_eq!(stage.text(EFFECTIVE).await?, "32568.4800000000");
    stage.noon_of(day(2029, 2, 28));
    stage.settle().await?;
    assert_eq!(stage.text(EFFECTIVE).await?, "0.0000000000");
    let marked = "SELECT count(*) FILTER (WHERE is_expired) || '/' || count(*) FROM contribution_records";
    assert_eq!(stage.text(marked).await?, "6/6");
    assert_eq!(stage.text("SELECT count(*)::text FROM chunk_expiries").await?, "0");
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn the_events_of_a_roll_come_in_order() -> anyhow::Result<()> {
    let first = day(2027, 3, 1);
    let mut stage = Stage::new(first, &[("ROLL__MAX_UNATTENDED", "1000")]).await?;
    without_snapshots(&stage).await?;
    two_adoptions(&mut stage, first).await?;
    stage.noon_of(first + Days::new(1));
    stage.settle().await?;
    sqlx::query("DELETE FROM outbox_events").execute(stage.pool()).await?;
    stage.noon_of(day(2029, 3, 2));
    stage.settle().await?;
    let events = "SELECT concat_ws(' ', event_type, version - (SELECT version FROM contribution_accounts
                                  WHERE account_sequence = aggregate_id),
                      payload::json ->> 'expiredAmount', payload::json ->> 'effectiveContribution',
                      coalesce(payload::json ->> 'effectiveOn', payload::json ->> 'businessDay'),
                      traceparent IS NOT NULL)
                  FROM outbox_events WHERE aggregate_id = 'B' ORDER BY shard, id";
    assert_eq!(
        stage.texts(events).await?,
        [
            "ContributionExpired -1 15831.9000000000 0.0000000000 2029-03-02 t",
            "ContributionCalculated 0 0.0000000000 2029-03-02 t",
        ]
    );
    stage.close().await
}

/// At every commit of a roll, whatever is carried out between its steps, the auditor finds every effective right.
#[tokio::test]
async fn what_is_booked_while_a_roll_is_under_way_counts_once() -> anyhow::Result<()> {
    let first = day(2027, 3, 1);
    let settings = [
        ("ROLL__ACCOUNTS", "1"),
        ("ROLL__ENTRIES", "1"),
        ("ROLL__CHUNKS", "1"),
        ("DISTRIBUTOR__CHUNK_SIZE", "1"),
        ("ROLL__MAX_UNATTENDED", "1000"),
    ];
    let mut stage = Stage::new(first, &settings).await?;
    two_adoptions(&mut stage, first).await?;
    // one long ago, which lives at once and expires on 3 March; one that has expired already
    synced::adoption(stage.pool(), &Adoption::new("B", day(2025, 3, 2), 3)).await?;
    synced::adoption(stage.pool(), &Adoption::new("B", day(2021, 3, 2), 4)).await?;
    stage.distribute().await?;
    let mut nth = 10;
    for date in [day(2027, 3, 2), day(2027, 3, 3)] {
        stage.noon_of(date);
        loop {
            let progress = stage.scheduler.run_once().await?;
            stage.audit().await?;
            for (account, date) in [("A", date), ("R", day(2025, 3, 2)), ("B", day(2026, 1, 1))] {
                synced::adoption(stage.pool(), &Adoption::new(account, date, nth)).await?;
                nth += 1;
            }
            stage.distribute().await?;
            stage.audit().await?;
            if progress == Progress::Idle {
                break;
            }
        }
    }
    // an event says for which day its effective holds
    let held = "SELECT count(DISTINCT payload::json ->> 'effectiveOn')::text FROM outbox_events
                WHERE created_at IS NOT NULL AND event_type = 'ContributionCalculated'";
    assert_eq!(stage.text(held).await?, "3");
    stage.close().await
}

#[tokio::test]
async fn a_snapshot_waits_for_what_was_read_before_its_day() -> anyhow::Result<()> {
    let first = day(2027, 3, 1);
    let mut stage = Stage::new(first, &[("SNAPSHOT__MAX_WAIT_MINUTES", "10000")]).await?;
    two_adoptions(&mut stage, first).await?;
    stage.settle().await?;
    read_through(stage.pool(), first).await?;
    let second = first + Days::new(1);
    stage.noon_of(second);
    stage.settle().await?;
    assert_eq!(stage.text(DAY).await?, "2027-03-02 idle");
    let sealed = "SELECT count(*)::text FROM snapshots";
    assert_eq!(stage.text(sealed).await?, "0");
    // the day after waits for it too
    stage.noon_of(second + Days::new(1));
    read_through(stage.pool(), second).await?;
    stage.scheduler.run_once().await?;
    // read, but not judged since then
    assert_eq!(stage.text(sealed).await?, "0");
    stage.distribute().await?;
    stage.scheduler.run_once().await?;
    assert_eq!(
        stage.text("SELECT snapshot_date || ' ' || complete FROM snapshots").await?,
        "2027-03-02 true"
    );
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn a_snapshot_that_waited_too_long_is_not_complete() -> anyhow::Result<()> {
    let first = day(2027, 3, 1);
    let mut stage = Stage::new(first, &[]).await?;
    two_adoptions(&mut stage, first).await?;
    stage.settle().await?;
    read_through(stage.pool(), first).await?;
    let start = crate::stage::noon(first) + chrono::TimeDelta::hours(12);
    stage.at(start);
    stage.settle().await?;
    stage.at(start + chrono::TimeDelta::minutes(29));
    stage.settle().await?;
    assert_eq!(stage.text("SELECT count(*)::text FROM snapshots").await?, "0");
    stage.at(start + chrono::TimeDelta::minutes(30));
    stage.settle().await?;
    let header = "SELECT concat_ws(' ', snapshot_date, complete, watermark, account_count) FROM snapshots";
    assert_eq!(stage.text(header).await?, "2027-03-02 f 2 7");
    stage.audit().await?;
    stage.close().await
}
