//! What must make no difference: the order of arrival, a chunk claimed twice, a clock that jumps.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Days, Utc};
use runtime::{Disposed, Disposition, Worker};
use testkit::history::History;
use testkit::synced::{self, Adoption};

use crate::stage::{Stage, today};

/// Every fact of the journal; when and on whose behalf it was numbered left out.
const JOURNAL: &str = "SELECT md5(string_agg((to_jsonb(j) - 'sequenced_at' - 'traceparent')::text, '|'
    ORDER BY distribution_seq)) FROM distribution_journal j";
const BALANCES: &str = "SELECT md5(string_agg((to_jsonb(a) - 'id' - 'created_at' - 'updated_at')::text, '|'
    ORDER BY account_sequence)) FROM contribution_accounts a";

async fn a_history(overrides: &[(&str, &str)]) -> anyhow::Result<Stage> {
    let stage = Stage::with(overrides).await?;
    History::new(7, today()).go_on(stage.pool(), 80).await?;
    Ok(stage)
}

#[tokio::test]
async fn the_same_ready_set_in_passes_of_the_same_size_gives_the_same_journal() -> anyhow::Result<()> {
    let mut one = a_history(&[("DISTRIBUTOR__PASS_SIZE", "9"), ("DISTRIBUTOR__CHUNK_SIZE", "4")]).await?;
    let mut other = a_history(&[("DISTRIBUTOR__PASS_SIZE", "9"), ("DISTRIBUTOR__CHUNK_SIZE", "25")]).await?;
    sqlx::query(
        "WITH taken AS (DELETE FROM sequencer_queue RETURNING *)
         INSERT INTO sequencer_queue (kind, account_sequence, original_adoption_id)
         SELECT kind, account_sequence, original_adoption_id FROM taken ORDER BY original_adoption_id, account_sequence",
    )
    .execute(other.pool())
    .await?;
    one.number().await?;
    other.number().await?;
    let journal = one.text(JOURNAL).await?;
    assert_eq!(journal, other.text(JOURNAL).await?);
    one.close().await?;
    other.close().await
}

#[tokio::test]
async fn a_doubled_claim_halts_and_changes_nothing() -> anyhow::Result<()> {
    let mut stage = a_history(&[("DISTRIBUTOR__CHUNK_SIZE", "5")]).await?;
    stage.settle().await?;
    let before = (stage.text(BALANCES).await?, stage.text("SELECT count(*)::text FROM outbox_events").await?);
    sqlx::query("UPDATE distribution_chunks SET distributed_at = NULL WHERE first_seq = 1")
        .execute(stage.pool())
        .await?;
    let refused = stage.worker.run_once().await.unwrap_err();
    assert_eq!(refused.disposition(), Disposition::Halt, "{refused}");
    let after = (stage.text(BALANCES).await?, stage.text("SELECT count(*)::text FROM outbox_events").await?);
    assert_eq!(before, after);
    stage.close().await
}

#[tokio::test]
async fn two_workers_that_claim_at_the_same_time_share_the_chunks() -> anyhow::Result<()> {
    let mut stage = a_history(&[("DISTRIBUTOR__CHUNK_SIZE", "2")]).await?;
    stage.number().await?;
    let (_, mut other) = stage.others()?;
    loop {
        let (one, two) = tokio::join!(stage.worker.run_once(), other.run_once());
        if one? == runtime::Progress::Idle && two? == runtime::Progress::Idle {
            break;
        }
    }
    stage.audit().await?;
    stage.close().await
}

/// Ten years ahead and back again, at every look.
fn jumping() -> DateTime<Utc> {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    let years = LOOKS.fetch_add(1, Ordering::Relaxed) % 2 * 10;
    Utc::now() + Days::new(years * 365)
}

#[tokio::test]
async fn a_clock_that_jumps_changes_no_fact_and_no_balance() -> anyhow::Result<()> {
    let mut steady = a_history(&[("DISTRIBUTOR__PASS_SIZE", "9")]).await?;
    steady.settle().await?;
    let mut stage = a_history(&[("DISTRIBUTOR__PASS_SIZE", "9")]).await?;
    let (sequencer, worker) = stage.others()?;
    (stage.sequencer, stage.worker) = (sequencer.with_clock(jumping), worker.with_clock(jumping));
    stage.settle().await?;
    assert_eq!(steady.text(JOURNAL).await?, stage.text(JOURNAL).await?);
    synced::adoption(stage.pool(), &Adoption::new("U000", today(), 1_000)).await?;
    synced::adoption(steady.pool(), &Adoption::new("U000", today(), 1_000)).await?;
    stage.settle().await?;
    steady.settle().await?;
    assert_eq!(steady.text(BALANCES).await?, stage.text(BALANCES).await?);
    stage.audit().await?;
    steady.close().await?;
    stage.close().await
}
