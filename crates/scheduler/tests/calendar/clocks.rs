//! One wrong clock must not roll years of days.

use std::sync::atomic::Ordering;

use chrono::{Days, TimeDelta};
use persistence::operator_requests::{self, Action};
use runtime::{Disposed, Disposition, Worker};
use scheduler::SchedulerError;

use crate::stage::{Stage, day, noon};

const DAY: &str = "SELECT current_day::text FROM business_day";

#[tokio::test]
async fn clocks_that_differ_halt() -> anyhow::Result<()> {
    let first = day(2027, 3, 1);
    let mut stage = Stage::new(first, &[]).await?;
    stage.settle().await?;
    let wrong = noon(first + Days::new(400)).timestamp();
    for clock in [&stage.here, &stage.there] {
        let right = clock.swap(wrong, Ordering::Relaxed);
        let error = stage.scheduler.run_once().await.expect_err("it must not go by either");
        assert!(matches!(error, SchedulerError::ClocksDiffer { .. }), "{error}");
        assert_eq!(error.disposition(), Disposition::Halt);
        clock.store(right, Ordering::Relaxed);
    }
    assert_eq!(stage.text(DAY).await?, "2027-03-01");
    stage.close().await
}

#[tokio::test]
async fn many_days_at_once_need_a_word() -> anyhow::Result<()> {
    let first = day(2027, 3, 1);
    let mut stage = Stage::new(first, &[]).await?;
    stage.settle().await?;
    stage.noon_of(first + Days::new(32));
    stage.settle().await?;
    assert_eq!(stage.text(DAY).await?, "2027-03-01");
    let said = "SELECT error FROM job_runs WHERE job = 'roll'";
    assert!(stage.text(said).await?.contains("32 days are missing"), "{}", stage.text(said).await?);

    let through = day(2027, 3, 20);
    let mut connection = stage.pool().acquire().await?;
    let now = noon(first);
    let request = operator_requests::ask(&mut connection, "Wang", &Action::Roll { through }, now).await?;
    let too_far = Action::Roll { through: day(2028, 1, 1) };
    let refused = operator_requests::ask(&mut connection, "Wang", &too_far, now).await?;
    stage.settle().await?;
    // 13 days are left after that, which need no word
    assert_eq!(stage.text(DAY).await?, "2027-04-02");
    let answer = operator_requests::get(&mut connection, request).await?.expect("it is there");
    assert_eq!(
        (answer.succeeded, answer.outcome.as_deref()),
        (Some(true), Some("the business day is 2027-03-20"))
    );
    let answer = operator_requests::get(&mut connection, refused).await?.expect("it is there");
    assert_eq!(answer.succeeded, Some(false), "{:?}", answer.outcome);
    assert_eq!(stage.text("SELECT count(*)::text FROM snapshots").await?, "32");
    drop(connection);
    stage.close().await
}

/// In March 2027 New York's days have 23 hours once, in November 25: a day is a date in the zone of the books.
#[tokio::test]
async fn a_day_is_a_date_in_its_zone() -> anyhow::Result<()> {
    let first = day(2027, 3, 13);
    let mut stage = Stage::new(first, &[("BUSINESS__TIME_ZONE", "America/New_York")]).await?;
    sqlx::query("UPDATE business_day SET time_zone = 'America/New_York'").execute(stage.pool()).await?;
    let midnight = |date: chrono::NaiveDate, hour| {
        date.and_time(chrono::NaiveTime::MIN).and_utc() + TimeDelta::hours(hour)
    };
    for (moment, expected) in [
        (midnight(day(2027, 3, 14), 5) - TimeDelta::seconds(1), "2027-03-13"), // 23:59:59 EST
        (midnight(day(2027, 3, 14), 5), "2027-03-14"),
        (midnight(day(2027, 3, 15), 4) - TimeDelta::seconds(1), "2027-03-14"), // 23:59:59 EDT, 23 hours later
        (midnight(day(2027, 3, 15), 4), "2027-03-15"),
    ] {
        stage.at(moment);
        stage.settle().await?;
        assert_eq!(stage.text(DAY).await?, expected, "{moment}");
    }
    stage.close().await
}
