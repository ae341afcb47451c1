//! `contribctl recalculate` on what the calendar adds up by day: whatever of it is spoiled is found, and rebuilt to the
//! row that the roll and the statistics of each day had written.

#[path = "../../scheduler/tests/calendar/stage.rs"]
mod stage;
mod support;

use anyhow::Context;
use chrono::Days;
use runtime::ExposeSecret;
use serde_json::Value;
use sqlx::Executor;
use stage::{Stage, day};
use support::{Variables, all, contribctl};
use testkit::history::History;

/// One text that changes with any of these rows, but not with when they were written.
const TABLES: &str = "SELECT concat_ws(E'\\n',
    (SELECT string_agg(t::text, E'\\n' ORDER BY account_sequence, day) FROM account_daily_contribution t),
    (SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM (SELECT day, reason, level_or_tier, account_sequence,
        sum(amount), sum(lines) FROM missed_daily GROUP BY 1, 2, 3, 4) t),
    (SELECT string_agg((to_jsonb(t) - 'id' - 'created_at')::text, E'\\n' ORDER BY account_sequence, stats_date)
     FROM user_team_stats t),
    (SELECT string_agg(t::text, E'\\n' ORDER BY account_sequence) FROM team_directs t))";
/// Versions and events, which none of this may change.
const PUBLISHED: &str = "SELECT concat_ws(' ', (SELECT count(*) FROM outbox_events),
    (SELECT sum(version) FROM contribution_accounts), (SELECT sum(version) FROM system_accounts))";

/// A random history over so many days, with entries of the last day that no roll has added up.
async fn lived(seed: u64, days: u64) -> anyhow::Result<(Stage, Variables)> {
    let first = day(2027, 2, 20);
    let mut stage = Stage::new(first, &[("ROLL__ENTRIES", "7"), ("DISTRIBUTOR__CHUNK_SIZE", "3")]).await?;
    let mut history = History::new(seed, first);
    history.go_on(stage.pool(), 80).await?;
    stage.settle().await?;
    for nth in 1..=days {
        let today = first + Days::new(nth);
        stage.noon_of(today);
        history.set_today(today);
        history.go_on(stage.pool(), 6).await?;
        stage.settle().await?;
    }
    let url = stage.settings.database.url.expose_secret().to_owned();
    Ok((stage, vec![("CONTRIB__DATABASE__URL", url)]))
}

/// Each in a way that a row can be wrong: changed, gone, too many.
const SPOILED: [(&str, &str); 12] = [
    (
        "daily amounts",
        "UPDATE account_daily_contribution SET activated = activated + 0.0000000001
         WHERE (account_sequence, day) = (SELECT account_sequence, day FROM account_daily_contribution
             WHERE account_sequence LIKE 'U%' ORDER BY 1, 2 LIMIT 1)",
    ),
    ("daily amounts", "DELETE FROM account_daily_contribution WHERE account_sequence = 'SYS-CITY'"),
    (
        "daily amounts",
        "UPDATE account_daily_contribution SET expired = 'NaN' WHERE account_sequence = 'U001'",
    ),
    ("daily amounts", "INSERT INTO account_daily_contribution VALUES ('nobody', '2027-02-22', 5, 0)"),
    ("missed amounts", "UPDATE missed_daily SET amount = -amount WHERE reason = 'TIER_LOCKED'"),
    ("missed amounts", "DELETE FROM missed_daily WHERE account_sequence IS NULL"),
    ("missed amounts", "INSERT INTO missed_daily VALUES ('2027-02-22', 'NO_ANCESTOR', 99, 'nobody', 1, 1)"),
    ("team statistics", "UPDATE user_team_stats SET level_3_trees = level_3_trees + 1, level_2_trees = NULL"),
    (
        "team statistics",
        "UPDATE user_team_stats SET direct_adopted_referrals = 77 WHERE account_sequence = 'U000'",
    ),
    (
        "team statistics",
        "DELETE FROM user_team_stats WHERE stats_date = (SELECT min(stats_date) FROM user_team_stats)",
    ),
    (
        "team statistics",
        "INSERT INTO user_team_stats (account_sequence, stats_date, level_1_trees)
         SELECT 'nobody', current_day, 1 FROM business_day",
    ),
    ("team statistics", "UPDATE team_directs SET seq = seq + 1"),
];

#[tokio::test]
async fn what_is_spoiled_is_found_and_rebuilt() -> anyhow::Result<()> {
    let (stage, variables) = lived(3, 6).await?;
    let (right, published) = (stage.text(TABLES).await?, stage.text(PUBLISHED).await?);
    let none = contribctl(&["recalculate"], &variables)?;
    assert_eq!(none.status.code(), Some(0), "{}", all(&none));
    for (kind, spoil) in SPOILED {
        assert!(stage.pool().execute(spoil).await?.rows_affected() > 0, "{spoil}");
        let shown = contribctl(&["recalculate", "--json"], &variables)?;
        assert_eq!(
            (differing(&shown.stdout)?, shown.status.code()),
            (vec![kind.to_owned()], Some(1)),
            "{spoil}"
        );
        let applied = contribctl(&["recalculate", "--apply"], &variables)?;
        assert_eq!(applied.status.code(), Some(0), "{spoil}: {}", all(&applied));
        assert!(stage.text(TABLES).await? == right, "{spoil}");
    }
    assert_eq!(stage.text(PUBLISHED).await?, published);
    stage.audit().await?;
    stage.close().await
}

#[tokio::test]
async fn all_of_it_is_rebuilt_from_nothing() -> anyhow::Result<()> {
    for seed in 0..4 {
        let (mut stage, variables) = lived(seed, 12).await?;
        let right = stage.text(TABLES).await?;
        stage
            .pool()
            .execute("TRUNCATE account_daily_contribution, missed_daily, user_team_stats, team_directs")
            .await?;
        let applied = contribctl(&["recalculate", "--apply"], &variables)?;
        assert_eq!(applied.status.code(), Some(0), "seed {seed}: {}", all(&applied));
        assert!(stage.text(TABLES).await? == right, "seed {seed}");
        // and the calendar goes on from there
        stage.noon_of(day(2027, 3, 8));
        stage.settle().await?;
        stage.audit().await.with_context(|| format!("seed {seed}"))?;
        stage.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn while_a_day_rolls_daily_amounts_are_left_alone() -> anyhow::Result<()> {
    let (stage, variables) = lived(5, 2).await?;
    stage.pool().execute("UPDATE business_day SET roll_phase = 'marking'").await?;
    stage.pool().execute("DELETE FROM missed_daily").await?;
    stage.pool().execute("DELETE FROM account_daily_contribution WHERE account_sequence = 'U001'").await?;
    let before = stage.text(TABLES).await?;
    let output = contribctl(&["recalculate", "--apply"], &variables)?;
    assert_eq!(output.status.code(), Some(1), "{}", all(&output));
    assert!(all(&output).contains("being rolled"), "{}", all(&output));
    assert!(stage.text(TABLES).await? == before);
    stage.close().await
}

/// Which kinds differ.
fn differing(json: &[u8]) -> anyhow::Result<Vec<String>> {
    let report: Value = serde_json::from_slice(json)?;
    let kinds = report["differences"].as_array().context("no differences")?;
    let differing = kinds.iter().filter(|kind| kind["differing"].as_u64() > Some(0));
    Ok(differing.filter_map(|kind| kind["kind"].as_str().map(str::to_owned)).collect())
}
