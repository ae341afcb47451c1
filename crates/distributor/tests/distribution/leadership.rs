//! One leader at a time, and nothing written by one that was replaced.

use runtime::{Progress, Worker};
use testkit::synced::{self, Adoption};

use crate::stage::{Stage, today};

#[tokio::test]
async fn a_standby_does_nothing_until_the_leader_is_gone() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    synced::referral(stage.pool(), "A", None).await?;
    stage.number().await?;
    let (mut standby, _) = stage.others()?;
    synced::adoption(stage.pool(), &Adoption::new("A", today(), 1)).await?;
    assert_eq!(standby.run_once().await?, Progress::Idle);
    assert_eq!(stage.text("SELECT last_seq::text FROM sequencer_state").await?, "0");
    stage.number().await?;
    assert_eq!(stage.text("SELECT last_seq::text FROM sequencer_state").await?, "1");
    stage.close().await
}

#[tokio::test]
async fn a_zombie_leader_writes_nothing() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    synced::referral(stage.pool(), "A", None).await?;
    stage.number().await?;
    // Its session is cut off and another begins a new term, while it still believes to lead.
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE locktype = 'advisory' AND objid = 3 AND pid <> pg_backend_pid()
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .execute(stage.pool())
    .await?;
    let (mut successor, _) = stage.others()?;
    testkit::wait::until("the successor to lead", testkit::wait::LIMIT, async || {
        successor.run_once().await?;
        let term: i64 =
            sqlx::query_scalar("SELECT leader_term FROM sequencer_state").fetch_one(stage.pool()).await?;
        Ok((term >= 2).then_some(()))
    })
    .await?;
    synced::adoption(stage.pool(), &Adoption::new("A", today(), 1)).await?;
    let refused = stage.sequencer.run_once().await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(stage.text("SELECT last_seq::text FROM sequencer_state").await?, "0");
    // nor did it take anything from its successor's queue
    assert_eq!(stage.text("SELECT count(*)::text FROM sequencer_queue").await?, "1");
    while successor.run_once().await? == Progress::Worked {}
    assert_eq!(stage.text("SELECT last_seq::text FROM sequencer_state").await?, "1");
    stage.close().await
}

#[tokio::test]
async fn a_successor_goes_on_from_the_journaled_state() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    synced::referral(stage.pool(), "A", None).await?;
    synced::referral(stage.pool(), "B", Some("A")).await?;
    synced::adoption(stage.pool(), &Adoption::new("B", today(), 1)).await?;
    stage.settle().await?;
    let (successor, _) = stage.others()?;
    let first = std::mem::replace(&mut stage.sequencer, successor);
    drop(first);
    synced::adoption(stage.pool(), &Adoption::new("B", today(), 2)).await?;
    testkit::wait::until("the second entry", testkit::wait::LIMIT, async || {
        stage.sequencer.run_once().await?;
        let last: i64 = sqlx::query_scalar("SELECT last_seq FROM sequencer_state")
            .fetch_one(&persistence_pool(&stage.settings)?)
            .await?;
        Ok((last == 2).then_some(()))
    })
    .await?;
    stage.settle().await?;
    stage.audit().await?;
    stage.close().await
}

fn persistence_pool(settings: &runtime::Settings) -> anyhow::Result<sqlx::PgPool> {
    use runtime::ExposeSecret;
    Ok(persistence::connect(settings.database.url.expose_secret(), 1, "test")?)
}
