//! Killed at any point, a snapshot is sealed as a whole or not at all, and sealing again ends with the same.

use std::panic::resume_unwind;

use fail::FailScenario;
use persistence::snapshots::Sealed;
use scheduler::jobs::snapshot::seal;

use crate::stage::{Stage, history, order};

/// Everything that a snapshot leaves behind.
const WRITTEN: &str = "SELECT (SELECT count(*) FROM snapshots) + (SELECT count(*) FROM snapshot_tree_blocks)
    + (SELECT count(*) FROM daily_contribution_snapshots)
    + (SELECT count(*) FROM outbox_events WHERE aggregate_type = 'SNAPSHOT')";

tokio::task_local! {
    /// The point at which the process of this task is killed.
    static FATE: &'static str;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_sealed_as_a_whole_or_not_at_all() -> anyhow::Result<()> {
    let mut stage = Stage::open().await?;
    stage.live(&mut history(8), 80).await?;
    stage.carry_out().await?;
    let order = order(stage.watermark().await?);
    let expected = stage.would_hold(&order).await?;

    let scenario = FailScenario::setup();
    for point in ["snapshot-before-commit", "snapshot-after-commit"] {
        // as a panic, but nobody is told
        let meet_fate = move || {
            if FATE.try_with(|fate| *fate == point) == Ok(true) {
                resume_unwind(Box::new("killed"));
            }
        };
        fail::cfg_callback(point, meet_fate).map_err(anyhow::Error::msg)?;
    }
    for (point, sealed) in [("snapshot-before-commit", false), ("snapshot-after-commit", true)] {
        let (pool, order) = (stage.pool().clone(), order.clone());
        let killed = tokio::spawn(FATE.scope(point, async move { seal(&pool, &order).await }));
        assert!(killed.await.unwrap_err().is_panic(), "{point}");
        assert_eq!(stage.number(WRITTEN).await? > 0, sealed, "{point}");
    }
    let Sealed::Before(header) = seal(stage.pool(), &order).await? else { panic!("sealed twice") };
    assert_eq!(stage.contents(&header).await?, expected);
    assert_eq!(stage.number(WRITTEN).await?, header.account_count + 3);
    stage.audit().await?;
    scenario.teardown();
    stage.close().await
}
