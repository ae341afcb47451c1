//! When an adoption is numbered, and what is shown of one that is not (RULES section 2).

use runtime::Worker;
use testkit::synced::{self, Adoption};

use crate::stage::{Stage, day, today};

async fn shown(stage: &Stage) -> anyhow::Result<String> {
    stage.text("SELECT concat_ws(' | ', distribution_state, distribution_reason) FROM synced_adoptions").await
}

#[tokio::test]
async fn nothing_is_numbered_before_the_snapshots_are_read() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    sqlx::query("UPDATE sequencer_state SET bootstrap_open = FALSE").execute(stage.pool()).await?;
    synced::referral(stage.pool(), "A", None).await?;
    synced::adoption(stage.pool(), &Adoption::new("A", today(), 1)).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "waiting");
    for (topic, state) in [("users", "complete"), ("adoptions", "ending")] {
        sqlx::query("INSERT INTO cdc_bootstrap (topic, source, state) VALUES ($1, 'upstream', $2)")
            .bind(topic)
            .bind(state)
            .execute(stage.pool())
            .await?;
    }
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "waiting");
    sqlx::query("UPDATE cdc_bootstrap SET state = 'complete'").execute(stage.pool()).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "distributed");
    stage.close().await
}

#[tokio::test]
async fn a_missing_referral_makes_it_wait_until_it_arrives() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    synced::referral(stage.pool(), "C", Some("B")).await?;
    synced::adoption(stage.pool(), &Adoption::new("C", today(), 1)).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "waiting | MISSING_REFERRAL: B");
    synced::referral(stage.pool(), "B", Some("A")).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "waiting | MISSING_REFERRAL: A");
    synced::referral(stage.pool(), "A", None).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "distributed");
    assert_eq!(stage.text("SELECT array_to_string(upline, ' ') FROM distribution_journal").await?, "B A");
    stage.close().await
}

#[tokio::test]
async fn a_missing_referral_can_be_taken_for_a_root() -> anyhow::Result<()> {
    let mut stage = Stage::with(&[("BUSINESS__MISSING_REFERRAL", "root")]).await?;
    synced::adoption(stage.pool(), &Adoption::new("C", today(), 1)).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "distributed");
    stage.close().await
}

#[tokio::test]
async fn a_date_too_far_ahead_waits_for_its_day() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    synced::referral(stage.pool(), "A", None).await?;
    synced::adoption(stage.pool(), &Adoption::new("A", day(2026, 11, 24), 1)).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "waiting | FUTURE_DATE: 2026-11-24");
    synced::business_day(stage.pool(), day(2026, 11, 23)).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "distributed");
    stage.close().await
}

#[tokio::test]
async fn a_cycle_is_an_anomaly_until_it_heals() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    for (account, referrer) in [("A", "B"), ("B", "C"), ("C", "A"), ("D", "A")] {
        synced::referral(stage.pool(), account, Some(referrer)).await?;
    }
    synced::adoption(stage.pool(), &Adoption::new("D", today(), 1)).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "anomaly | CYCLE: A");
    synced::referral(stage.pool(), "B", None).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "distributed");
    stage.close().await
}

#[tokio::test]
async fn what_does_not_count_or_cannot_be_right_is_shown_with_its_reason() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    synced::referral(stage.pool(), "A", None).await?;
    let mut adoption = Adoption::new("A", today(), 1);
    adoption.status = Some("cancelled".to_owned());
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "ineligible | STATUS: cancelled");
    adoption.status = None;
    adoption.trees = 0;
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "anomaly | TREE_COUNT: 0");
    adoption.trees = 2;
    synced::adoption(stage.pool(), &adoption).await?;
    stage.settle().await?;
    assert_eq!(shown(&stage).await?, "distributed");
    stage.audit().await?;
    stage.close().await
}

/// The leader keeps the referral rows that it has read: one that changes between judgement and number is read again.
#[tokio::test]
async fn a_referral_that_changes_before_the_pass_counts_in_the_pass() -> anyhow::Result<()> {
    let mut stage = Stage::with(&[("DISTRIBUTOR__PASS_SIZE", "1")]).await?;
    for (account, referrer) in [("A", None), ("B", None), ("C", Some("A")), ("D", Some("A"))] {
        synced::referral(stage.pool(), account, referrer).await?;
    }
    stage.number().await?;
    let (first, second) = (Adoption::new("C", today(), 1), Adoption::new("D", today(), 2));
    synced::adoption(stage.pool(), &first).await?;
    synced::adoption(stage.pool(), &second).await?;
    let numbered = "SELECT last_seq::text FROM sequencer_state";
    while stage.text(numbered).await? == "0" {
        stage.sequencer.run_once().await?;
    }

    let mut held = stage.pool().begin().await?;
    sqlx::query("SELECT FROM synced_adoptions WHERE original_adoption_id = $1 FOR UPDATE")
        .bind(second.id)
        .execute(&mut *held)
        .await?;
    let pool = stage.pool().clone();
    let meanwhile = async {
        let waits = "SELECT 1 FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR NO KEY UPDATE%'";
        testkit::wait::until("the pass to wait for the adoption", testkit::wait::LIMIT, async || {
            Ok(sqlx::query(waits).fetch_optional(&pool).await?.map(drop))
        })
        .await?;
        synced::referral(&pool, "D", Some("B")).await?;
        held.commit().await?;
        anyhow::Ok(())
    };
    let (step, meanwhile) = tokio::join!(stage.sequencer.run_once(), meanwhile);
    step?;
    meanwhile?;
    assert_eq!(stage.text(numbered).await?, "2");
    let upline = "SELECT upline::text FROM distribution_journal WHERE distribution_seq = 2";
    assert_eq!(stage.text(upline).await?, "{B}");
    stage.settle().await?;
    stage.audit().await?;
    stage.close().await
}
