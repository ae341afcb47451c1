//! When an adoption is numbered, and what is shown of one that is not (RULES section 2).

use testkit::synced::{self, Adoption};

use crate::bench::{Bench, day, today};

async fn shown(bench: &Bench) -> anyhow::Result<String> {
    bench.text("SELECT concat_ws(' | ', distribution_state, distribution_reason) FROM synced_adoptions").await
}

#[tokio::test]
async fn nothing_is_numbered_before_the_snapshots_are_read() -> anyhow::Result<()> {
    let mut bench = Bench::new().await?;
    sqlx::query("UPDATE sequencer_state SET bootstrap_open = FALSE").execute(bench.pool()).await?;
    synced::referral(bench.pool(), "A", None).await?;
    synced::adoption(bench.pool(), &Adoption::new("A", today(), 1)).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "waiting");
    for (topic, state) in [("users", "complete"), ("adoptions", "ending")] {
        sqlx::query("INSERT INTO cdc_bootstrap (topic, source, state) VALUES ($1, 'upstream', $2)")
            .bind(topic)
            .bind(state)
            .execute(bench.pool())
            .await?;
    }
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "waiting");
    sqlx::query("UPDATE cdc_bootstrap SET state = 'complete'").execute(bench.pool()).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "distributed");
    bench.close().await
}

#[tokio::test]
async fn a_missing_referral_makes_it_wait_until_it_arrives() -> anyhow::Result<()> {
    let mut bench = Bench::new().await?;
    synced::referral(bench.pool(), "C", Some("B")).await?;
    synced::adoption(bench.pool(), &Adoption::new("C", today(), 1)).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "waiting | MISSING_REFERRAL: B");
    synced::referral(bench.pool(), "B", Some("A")).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "waiting | MISSING_REFERRAL: A");
    synced::referral(bench.pool(), "A", None).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "distributed");
    assert_eq!(bench.text("SELECT array_to_string(upline, ' ') FROM distribution_journal").await?, "B A");
    bench.close().await
}

#[tokio::test]
async fn a_missing_referral_can_be_taken_for_a_root() -> anyhow::Result<()> {
    let mut bench = Bench::with(&[("BUSINESS__MISSING_REFERRAL", "root")]).await?;
    synced::adoption(bench.pool(), &Adoption::new("C", today(), 1)).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "distributed");
    bench.close().await
}

#[tokio::test]
async fn a_date_too_far_ahead_waits_for_its_day() -> anyhow::Result<()> {
    let mut bench = Bench::new().await?;
    synced::referral(bench.pool(), "A", None).await?;
    synced::adoption(bench.pool(), &Adoption::new("A", day(2026, 11, 24), 1)).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "waiting | FUTURE_DATE: 2026-11-24");
    synced::business_day(bench.pool(), day(2026, 11, 23)).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "distributed");
    bench.close().await
}

#[tokio::test]
async fn a_cycle_is_an_anomaly_until_it_heals() -> anyhow::Result<()> {
    let mut bench = Bench::new().await?;
    for (account, referrer) in [("A", "B"), ("B", "C"), ("C", "A"), ("D", "A")] {
        synced::referral(bench.pool(), account, Some(referrer)).await?;
    }
    synced::adoption(bench.pool(), &Adoption::new("D", today(), 1)).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "anomaly | CYCLE: A");
    synced::referral(bench.pool(), "B", None).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "distributed");
    bench.close().await
}

#[tokio::test]
async fn what_does_not_count_or_cannot_be_right_is_shown_with_its_reason() -> anyhow::Result<()> {
    let mut bench = Bench::new().await?;
    synced::referral(bench.pool(), "A", None).await?;
    let mut adoption = Adoption::new("A", today(), 1);
    adoption.status = Some("cancelled".to_owned());
    synced::adoption(bench.pool(), &adoption).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "ineligible | STATUS: cancelled");
    adoption.status = None;
    adoption.trees = 0;
    synced::adoption(bench.pool(), &adoption).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "anomaly | TREE_COUNT: 0");
    adoption.trees = 2;
    synced::adoption(bench.pool(), &adoption).await?;
    bench.settle().await?;
    assert_eq!(shown(&bench).await?, "distributed");
    bench.check_identities().await?;
    bench.close().await
}
