//! Which lines a snapshot holds, when it is refused, and what is told of it.

use chrono::Days;
use persistence::snapshots::{Order, SealError, Sealed};
use scheduler::SchedulerError;
use scheduler::jobs::snapshot::seal;
use serde_json::Value;
use testkit::synced::{self, Adoption};

use crate::stage::{Stage, TODAY, history, order};

#[tokio::test]
async fn it_holds_what_is_booked_through_the_watermark_whatever_is_carried_out_meanwhile()
-> anyhow::Result<()> {
    let mut stage = Stage::open().await?;
    let mut history = history(5);
    let mut expected = Vec::new();
    for _ in 0..6 {
        stage.live(&mut history, 120).await?;
        // in the middle of it, and at its end
        for _ in 0..5 {
            stage.carry_out_one().await?;
        }
        let middle = order(stage.watermark().await?);
        expected.push((stage.would_hold(&middle).await?, middle));
        stage.carry_out().await?;
        let end = order(stage.watermark().await?);
        expected.push((stage.would_hold(&end).await?, end));
    }
    let reversals = "SELECT count(*) FROM distribution_journal WHERE kind = 'REVERSE'";
    assert!(stage.number(reversals).await? > 20);
    let different: std::collections::HashSet<_> = expected.iter().map(|((root, _), _)| root).collect();
    assert!(different.len() > 8, "hardly any of them differ");
    for (before, order) in &expected {
        assert_eq!(stage.would_hold(order).await?, *before, "through {}", order.watermark);
    }

    let (before, order) = &expected[6];
    let Sealed::Now(header) = seal(stage.pool(), order).await? else { panic!("sealed before") };
    assert!(header.watermark < stage.watermark().await?, "much was carried out beyond");
    assert_eq!(stage.contents(&header).await?, *before);
    assert!(header.account_count > 50);
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn who_has_lost_everything_beyond_the_watermark_still_takes_part() -> anyhow::Result<()> {
    let mut stage = Stage::open().await?;
    synced::business_day(stage.pool(), TODAY - Days::new(1)).await?;
    synced::referral(stage.pool(), "A", None).await?;
    let mut adoption = Adoption::new("A", TODAY - Days::new(5), 1);
    synced::adoption(stage.pool(), &adoption).await?;
    stage.number_all().await?;
    stage.carry_out().await?;
    // taken back yesterday, which takes effect today
    adoption.status = Some("CANCELLED".to_owned());
    synced::adoption(stage.pool(), &adoption).await?;
    stage.number_all().await?;
    synced::business_day(stage.pool(), TODAY).await?;
    let order = order(1);
    let before = stage.would_hold(&order).await?;
    stage.carry_out().await?;
    let left = "SELECT count(*) FROM contribution_accounts WHERE effective_contribution <> 0";
    assert_eq!((stage.number(left).await?, stage.watermark().await?), (0, 2));
    assert_eq!(before.1.len(), 5, "A and the system accounts");
    assert_eq!(stage.would_hold(&order).await?, before);
    assert_eq!(stage.would_hold(&Order { watermark: 2, ..order }).await?.1.len(), 0);
    stage.close().await
}

#[tokio::test]
async fn a_day_is_sealed_once_and_told_once() -> anyhow::Result<()> {
    let mut stage = Stage::open().await?;
    stage.live(&mut history(1), 60).await?;
    stage.carry_out().await?;
    sqlx::query("DELETE FROM outbox_events").execute(stage.pool()).await?;
    let order = order(stage.watermark().await?);
    // two at the same time: the second finds what the first has committed
    let (one, other) = tokio::try_join!(seal(stage.pool(), &order), seal(stage.pool(), &order))?;
    let (Sealed::Now(header), Sealed::Before(again)) = (match one {
        Sealed::Now(_) => (one, other),
        Sealed::Before(_) => (other, one),
    }) else {
        panic!("sealed twice")
    };
    assert_eq!(header, again);
    let first = stage.contents(&header).await?;
    stage.live(&mut history(2), 60).await?;
    stage.carry_out().await?;
    let later = Order { watermark: stage.watermark().await?, complete: false, ..order.clone() };
    assert_eq!(seal(stage.pool(), &later).await?, Sealed::Before(header.clone()));
    assert_eq!(stage.contents(&header).await?, first);

    let events: Vec<(String, String, i32, i64, i16, String)> = sqlx::query_as(
        "SELECT aggregate_id, event_type, epoch, version, shard, payload FROM outbox_events
         WHERE aggregate_type = 'SNAPSHOT'",
    )
    .fetch_all(stage.pool())
    .await?;
    let [(key, kind, epoch, version, shard, payload)] = events.try_into().unwrap();
    assert_eq!((key.as_str(), kind.as_str(), epoch, version), ("2026-11-22", "DailySnapshotCreated", 1, 1));
    assert!((0..8).contains(&shard));
    let trace: String =
        sqlx::query_scalar("SELECT traceparent FROM outbox_events WHERE aggregate_type = 'SNAPSHOT'")
            .fetch_one(stage.pool())
            .await?;
    assert!(trace.starts_with("00-") && trace.len() == 55, "{trace}");
    let event: Value = serde_json::from_str(&payload)?;
    assert_eq!(event["snapshotDate"], "2026-11-22");
    assert_eq!(event["networkTotalContribution"], header.network_total_contribution.to_string());
    assert_eq!((&event["accountCount"], &event["complete"]), (&header.account_count.into(), &true.into()));
    assert_eq!(event["merkleRoot"], header.merkle_root.to_string());
    assert_eq!((&event["eventType"], event["eventId"].is_string()), (&"DailySnapshotCreated".into(), true));
    assert_eq!(
        event["createdAt"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>()?,
        header.sealed_at
    );
    stage.close().await
}

#[tokio::test]
async fn system_accounts_take_part_where_the_setting_says_so() -> anyhow::Result<()> {
    let mut stage = Stage::open().await?;
    stage.live(&mut history(3), 80).await?;
    stage.carry_out().await?;
    let with = order(stage.watermark().await?);
    let (_, lines) = stage.would_hold(&with).await?;
    let systems = |lines: &[String]| lines.iter().filter(|line| line.contains(" SYS-")).count();
    assert_eq!(systems(&lines), 4);
    let without = Order { system_accounts: false, ..with };
    let (_, fewer) = stage.would_hold(&without).await?;
    assert_eq!((systems(&fewer), fewer.len()), (0, lines.len() - 4));
    stage.close().await
}

#[tokio::test]
async fn a_network_without_contribution_has_a_snapshot_without_lines() -> anyhow::Result<()> {
    let stage = Stage::open().await?;
    let Sealed::Now(header) = seal(stage.pool(), &order(0)).await? else { panic!("sealed before") };
    assert_eq!((header.account_count, header.network_total_contribution), (0, domain::Amount::ZERO));
    // docs/snapshot-tree.md
    let documented = "a8079384d7eaa8397e2272ba9d6d401e1f5cbfd78dcec6839e5c7b5ce05d59c6";
    assert_eq!(header.merkle_root.to_string(), documented);
    assert_eq!(stage.number("SELECT count(*) FROM snapshot_tree_blocks").await?, 0);
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn what_cannot_be_sealed_is_refused_with_the_reason() -> anyhow::Result<()> {
    let mut stage = Stage::open().await?;
    stage.live(&mut history(4), 40).await?;
    stage.carry_out_one().await?;
    let order = order(stage.watermark().await?);
    let refused = async |order: &Order| match seal(stage.pool(), order).await {
        Err(SchedulerError::Seal(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let beyond = Order { watermark: order.watermark + 1, ..order.clone() };
    let reason = refused(&beyond).await;
    assert!(matches!(reason, SealError::NotCarriedOut { .. }), "{reason}");
    let tomorrow = Order { day: TODAY.succ_opt().unwrap(), ..order.clone() };
    let reason = refused(&tomorrow).await;
    assert_eq!(reason.to_string(), "the business day is 2026-11-22: 2026-11-23 cannot be sealed");
    sqlx::query("UPDATE business_day SET roll_phase = 'accounts'").execute(stage.pool()).await?;
    let reason = refused(&order).await;
    assert_eq!(reason.to_string(), "the roll to 2026-11-22 is not complete: it is in its phase accounts");
    sqlx::query("UPDATE business_day SET roll_phase = 'idle'").execute(stage.pool()).await?;
    assert!(matches!(seal(stage.pool(), &order).await?, Sealed::Now(_)));
    // sealed stays sealed, whatever the day
    synced::business_day(stage.pool(), tomorrow.day).await?;
    assert!(matches!(seal(stage.pool(), &order).await?, Sealed::Before(_)));
    stage.close().await
}
