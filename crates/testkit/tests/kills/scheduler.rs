//! The scheduler dies in the middle of a job, held up there by a lock on the table that the job changes, and between jobs.

use crate::pipeline::{Pipeline, Worker};
use sqlx::PgPool;
use testkit::wait::until;

use crate::run::{self, ENTRIES, Measure};

const CARRIED_OUT: Measure = |progress| progress.carried_out;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_scheduler_repeats_its_jobs() -> anyhow::Result<()> {
    Pipeline::with(async |pipeline| {
        let others = [Worker::Ingestor, Worker::Distributor, Worker::Relay];
        let history = run::history(pipeline, &others, async |pipeline| {
            pipeline.reach("a third to be carried out", |p| p.carried_out >= ENTRIES / 3).await?;
            kill_within_upkeep(pipeline).await?;
            pipeline.start(Worker::Scheduler)?;
            pipeline.reach("upkeep to be done", |progress| progress.upkeeps == 1).await?;
            let far = ENTRIES * 2 / 3;
            let kill = run::kill_at(pipeline, Worker::Scheduler, CARRIED_OUT, far).await?;
            pipeline.start(Worker::Scheduler)?;
            Ok(vec![kill])
        })
        .await?;
        run::live(pipeline, &[Worker::Scheduler; 2], CARRIED_OUT, 50).await?;
        let before = pipeline.progress().await?.upkeeps;
        pipeline.kill(Worker::Scheduler).await?;
        pipeline.start(Worker::Scheduler)?;
        pipeline.reach("upkeep to be done again", |progress| progress.upkeeps > before).await?;
        run::expect_whole(pipeline, &history).await?;
        let spans = ledger_spans(pipeline.pool()).await?;
        anyhow::ensure!(spans == 3, "the ledger has {spans} spans, not the last number's and two ahead");
        Ok(())
    })
    .await
}

/// Gives upkeep something to do, as if the journal had come a span further. It stands still where it makes the partition,
/// with its run begun, while a reader holds the table.
async fn kill_within_upkeep(pipeline: &mut Pipeline) -> anyhow::Result<()> {
    let pool = pipeline.pool().clone();
    sqlx::query("DROP TABLE contribution_records_p0002").execute(&pool).await?;
    let mut reader = pool.begin().await?;
    sqlx::query("LOCK TABLE contribution_records IN ACCESS SHARE MODE").execute(&mut *reader).await?;
    pipeline.start(Worker::Scheduler)?;
    until("upkeep to wait for the table", run::LIMIT, async || {
        let waits: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_locks
                            WHERE relation = 'contribution_records'::regclass AND NOT granted
                              AND mode = 'AccessExclusiveLock')",
        )
        .fetch_one(&pool)
        .await?;
        Ok(waits.then_some(()))
    })
    .await?;
    pipeline.kill(Worker::Scheduler).await?;
    let begun: i64 =
        sqlx::query_scalar("SELECT count(*) FROM job_runs WHERE job = 'upkeep' AND finished_at IS NULL")
            .fetch_one(&pool)
            .await?;
    anyhow::ensure!(begun == 1, "{begun} runs of upkeep are under way");
    reader.rollback().await?;
    Ok(())
}

async fn ledger_spans(pool: &PgPool) -> anyhow::Result<i64> {
    let spans = sqlx::query_scalar(
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'contribution_records'::regclass",
    );
    Ok(spans.fetch_one(pool).await?)
}
