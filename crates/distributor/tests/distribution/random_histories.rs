//! Random histories in random sizes of pass and chunk: every identity holds, and the ledger does not depend on how it
//! was cut up.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use testkit::history::History;

use crate::stage::{Stage, today};

/// How many histories to try: `SEEDS=n`, or so many.
fn seeds() -> u64 {
    std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(6)
}

const LEDGER: &str = "SELECT coalesce(md5(string_agg(line, '|' ORDER BY line)), 'none') FROM (
    SELECT concat_ws(',', id, account_sequence, source_type, amount, effective_date, expire_date, level_depth,
        bonus_tier, source_adoption_id) AS line FROM contribution_records
    UNION ALL SELECT concat_ws(',', id, system_account_id, amount, effective_date, expire_date)
        FROM system_contribution_records
    UNION ALL SELECT concat_ws(',', id, unalloc_type, would_be_account_sequence, level_depth, amount, reason)
        FROM unallocated_contributions) AS lines";
const SUMMARY: &str = "SELECT coalesce(md5(string_agg(concat_ws(',', account_sequence, personal_contribution,
    team_level_contribution, team_bonus_contribution, effective_contribution, has_adopted,
    direct_referral_adopted_count, unlocked_level_depth, unlocked_bonus_tiers, unlock_seq), '|'
    ORDER BY account_sequence)), 'none') FROM contribution_accounts";

#[tokio::test]
async fn every_identity_holds_and_chunks_do_not_matter() -> anyhow::Result<()> {
    let mut numbered = 0;
    for seed in 0..seeds() {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let chunk = random.random_range(1..40).to_string();
        let mut stage =
            Stage::with(&[("DISTRIBUTOR__PASS_SIZE", "17"), ("DISTRIBUTOR__CHUNK_SIZE", &chunk)]).await?;
        let mut history = History::new(seed, today());
        for _ in 0..4 {
            history.go_on(stage.pool(), 25).await?;
            stage.settle().await?;
            stage.audit().await.map_err(|error| error.context(format!("seed {seed}")))?;
        }
        let entries = stage.text("SELECT count(*)::text FROM distribution_journal").await?;
        numbered += entries.parse::<u64>()?;
        let cut = (stage.text(LEDGER).await?, stage.text(SUMMARY).await?);
        carry_out_again(&stage, &mut random).await?;
        assert_eq!(
            (stage.text(LEDGER).await?, stage.text(SUMMARY).await?),
            cut,
            "seed {seed}, chunks of {chunk}"
        );
        stage.audit().await.map_err(|error| error.context(format!("seed {seed}, carried out again")))?;
        stage.close().await?;
    }
    // A history alone may number nothing, when its first account refers itself.
    assert!(numbered > 0, "no history numbers anything");
    Ok(())
}

/// Empties what follows from the journal and carries it out again in other chunks, the last ones first.
async fn carry_out_again(stage: &Stage, random: &mut ChaCha8Rng) -> anyhow::Result<()> {
    for statement in [
        "TRUNCATE contribution_records, system_contribution_records, unallocated_contributions, contribution_accounts,
            distribution_chunks, outbox_events",
        "UPDATE system_accounts SET contribution_balance = 0, effective_balance = 0",
        "UPDATE synced_adoptions SET contribution_distributed = FALSE",
    ] {
        sqlx::query(statement).execute(stage.pool()).await?;
    }
    let last: i64 =
        sqlx::query_scalar("SELECT last_seq FROM sequencer_state").fetch_one(stage.pool()).await?;
    let (_, mut worker) = stage.others()?;
    let mut ends = vec![last];
    while let Some(end) = ends.last().copied().filter(|end| *end > 0) {
        let first = (end - random.random_range(0..30)).max(1);
        sqlx::query("INSERT INTO distribution_chunks (first_seq, last_seq) VALUES ($1, $2)")
            .bind(first)
            .bind(end)
            .execute(stage.pool())
            .await?;
        // One at a time, so that they are carried out in this order.
        runtime::Worker::run_once(&mut worker).await?;
        ends.push(first - 1);
    }
    Ok(())
}
