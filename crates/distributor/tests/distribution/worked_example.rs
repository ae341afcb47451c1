//! RULES section 9, from synced rows to balances, events and marks.

use testkit::synced::{self, Adoption};

use crate::stage::{Stage, day, today};

#[tokio::test]
async fn the_worked_example_to_the_last_digit() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    for (account, referrer) in [("C", Some("B")), ("B", Some("A")), ("A", Some("R")), ("R", None)] {
        synced::referral(stage.pool(), account, referrer).await?;
    }
    let date = day(2026, 11, 20);
    // Whatever order they arrive in, they are numbered by their creation upstream.
    for (nth, account) in [(4, "B"), (2, "B"), (3, "C"), (1, "A")] {
        synced::adoption(stage.pool(), &Adoption::new(account, date, nth)).await?;
    }
    stage.settle().await?;

    let numbered =
        stage.texts("SELECT account_sequence FROM distribution_journal ORDER BY distribution_seq").await?;
    assert_eq!(numbered, ["A", "B", "C", "B"]);
    let totals = stage
        .texts("SELECT account_sequence || ' ' || total_contribution FROM contribution_accounts ORDER BY account_sequence")
        .await?;
    assert_eq!(
        totals,
        ["A 17302.0050000000", "B 32342.3100000000", "C 15831.9000000000", "R 452.3400000000"]
    );
    let system = stage
        .texts(
            "SELECT account_type || ' ' || contribution_balance FROM system_accounts ORDER BY account_type",
        )
        .await?;
    assert_eq!(
        system,
        [
            "CITY 1809.3600000000",
            "HEADQUARTERS 10969.2450000000",
            "OPERATION 10856.1600000000",
            "PROVINCE 904.6800000000"
        ]
    );
    let missed = stage
        .texts("SELECT reason FROM unallocated_contributions WHERE distribution_seq = 2 AND slot IN (6, 20) ORDER BY slot")
        .await?;
    assert_eq!(missed, ["NO_ANCESTOR: level 3, ancestors 2", "TIER_LOCKED: tier 2, unlocked 1, direct 1"]);
    let states = stage.texts("SELECT DISTINCT distribution_state FROM synced_adoptions").await?;
    assert_eq!(states, ["distributed"]);
    let events =
        stage.texts("SELECT payload FROM outbox_events WHERE aggregate_id = 'C' ORDER BY id").await?;
    let event: serde_json::Value = serde_json::from_str(events.last().unwrap())?;
    assert_eq!(event["totalContribution"], "15831.9000000000");
    assert_eq!(event["version"], 1);
    assert_eq!(event["effectiveOn"], today().to_string());
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn lines_of_the_past_are_booked_expired_and_those_of_tomorrow_wait() -> anyhow::Result<()> {
    let mut stage = Stage::new().await?;
    synced::referral(stage.pool(), "A", None).await?;
    for (nth, date) in [(1, day(2023, 1, 1)), (2, today()), (3, day(2026, 11, 21)), (4, day(2024, 2, 28))] {
        synced::adoption(stage.pool(), &Adoption::new("A", date, nth)).await?;
    }
    stage.settle().await?;
    let lines = stage
        .texts(
            "SELECT effective_date || ' ' || expire_date || ' ' || is_expired FROM contribution_records
             WHERE slot = 0 ORDER BY id",
        )
        .await?;
    assert_eq!(
        lines,
        [
            "2023-01-02 2025-01-02 true",
            "2024-02-29 2026-02-28 true",
            "2026-11-22 2028-11-22 false",
            "2026-11-23 2028-11-23 false"
        ]
    );
    let effective = stage.text("SELECT effective_contribution::text FROM contribution_accounts").await?;
    assert_eq!(effective, "15831.9000000000", "only the one that is live today");
    stage.audit().await?;
    stage.close().await
}
