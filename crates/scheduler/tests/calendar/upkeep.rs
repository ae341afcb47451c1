//! What is thrown away, and what is not.

use chrono::TimeDelta;
use runtime::Worker;

use crate::stage::{Stage, day, noon};

#[tokio::test]
async fn only_what_nobody_needs_is_thrown_away() -> anyhow::Result<()> {
    let today = day(2027, 3, 1);
    let mut stage = Stage::new(today, &[]).await?;
    let now = noon(today);
    for (age, nth) in [(29, 1), (31, 2), (400, 3)] {
        let at = now - TimeDelta::days(age);
        sqlx::query(
            "INSERT INTO processed_events (event_id, event_type, processed_at) VALUES ($1, 'batch', $2)",
        )
        .bind(format!("topic/0/{nth}"))
        .bind(at)
        .execute(stage.pool())
        .await?;
        for resolved in [None, Some(at)] {
            sqlx::query(
                "INSERT INTO cdc_dead_letters (topic, partition, \"offset\", error_code, error, created_at, resolved_at)
                 VALUES ('topic', 0, $1, 'unreadable', 'unreadable', $2, $3)",
            )
            .bind(nth)
            .bind(at)
            .bind(resolved)
            .execute(stage.pool())
            .await?;
        }
    }
    sqlx::query("DROP TABLE contribution_records_p0001").execute(stage.pool()).await?;
    stage.scheduler.run_once().await?;
    assert_eq!(stage.text("SELECT string_agg(event_id, ' ') FROM processed_events").await?, "topic/0/1");
    let letters = "SELECT count(*) || ' ' || count(resolved_at) FROM cdc_dead_letters";
    assert_eq!(stage.text(letters).await?, "5 2");
    let spans =
        "SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text) FROM pg_inherits
                 WHERE inhparent = 'contribution_records'::regclass";
    assert_eq!(
        stage.text(spans).await?,
        "contribution_records_p0000 contribution_records_p0001 contribution_records_p0002"
    );
    let run = "SELECT concat_ws(' ', rows, error) FROM job_runs WHERE job = 'upkeep'";
    // a partition, two notes, a letter
    assert_eq!(stage.text(run).await?, "4");
    stage.close().await
}

#[tokio::test]
async fn the_last_run_of_each_job_stays() -> anyhow::Result<()> {
    let today = day(2027, 3, 1);
    let stage = Stage::new(today, &[("UPKEEP__JOB_RUNS_DAYS", "10")]).await?;
    // the last roll is old, and one that has not ended is older still
    for (job, age, ended) in [
        ("snapshot", 30, false),
        ("roll", 30, true),
        ("roll", 20, true),
        ("snapshot", 20, true),
        ("snapshot", 9, true),
    ] {
        let at = noon(today) - TimeDelta::days(age);
        let finished_at = ended.then_some(at);
        sqlx::query("INSERT INTO job_runs (job, started_at, finished_at, rows) VALUES ($1, $2, $3, $4)")
            .bind(job)
            .bind(at)
            .bind(finished_at)
            .bind(age)
            .execute(stage.pool())
            .await?;
    }
    let mut connection = stage.pool().acquire().await?;
    let deleted = scheduler::jobs::upkeep::run(&mut connection, &stage.settings.upkeep, noon(today)).await?;
    assert_eq!(deleted, 2);
    drop(connection);
    let left = "SELECT string_agg(job || ' ' || rows, ', ' ORDER BY id) FROM job_runs";
    assert_eq!(stage.text(left).await?, "snapshot 30, roll 20, snapshot 9");
    stage.close().await
}
