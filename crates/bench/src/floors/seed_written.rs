//! The distribution as the service's first specification has it, word for word: for each adoption one transaction, for
//! each line one INSERT and one update of its account that checks the account's version, eight connections.
//!
//! A version that somebody else has raised meanwhile makes the whole transaction begin again, as a unit of work does.
//! What the specification leaves open is left out, so the floor does less than the service: counting who has adopted,
//! the shares of missing ancestors, headquarters, events.

mod process;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use sqlx::{Executor, PgPool};
use tokio::task::JoinSet;

pub(crate) use process::Adoption;
use process::process;

const CONNECTIONS: usize = 8;

/// Brings accounts and referrals to where the service's stand.
pub(crate) async fn fill(pool: &PgPool) -> anyhow::Result<()> {
    pool.execute(
        "INSERT INTO seed.synced_referrals
             SELECT account_sequence, referrer_account_sequence FROM synced_referrals;
         INSERT INTO seed.contribution_accounts (account_sequence, personal_contribution, team_level_contribution,
                 team_bonus_contribution, total_contribution, effective_contribution, has_adopted,
                 direct_referral_adopted_count, unlocked_level_depth, unlocked_bonus_tiers)
             SELECT r.account_sequence, coalesce(personal_contribution, 0), coalesce(team_level_contribution, 0),
                 coalesce(team_bonus_contribution, 0), coalesce(total_contribution, 0),
                 coalesce(effective_contribution, 0), coalesce(has_adopted, FALSE),
                 coalesce(direct_referral_adopted_count, 0), coalesce(unlocked_level_depth, 0),
                 coalesce(unlocked_bonus_tiers, 0)
             FROM synced_referrals r LEFT JOIN contribution_accounts a ON a.account_sequence = r.account_sequence",
    )
    .await?;
    Ok(())
}

/// Puts the adoptions of the entries `first` to `last` where they are to be distributed from.
pub(crate) async fn take_in(pool: &PgPool, first: i64, last: i64) -> anyhow::Result<Vec<Adoption>> {
    pool.execute("TRUNCATE seed.synced_adoptions").await?;
    sqlx::query(
        "INSERT INTO seed.synced_adoptions (original_adoption_id, account_sequence, tree_count, adoption_date,
             contribution_per_tree, source_sequence_num)
         SELECT original_adoption_id, account_sequence, tree_count, adoption_date, contribution_per_tree, 1
         FROM distribution_journal WHERE distribution_seq BETWEEN $1 AND $2",
    )
    .bind(first)
    .bind(last)
    .execute(pool)
    .await?;
    pool.execute("ANALYZE seed.synced_adoptions").await?;
    let adoptions = sqlx::query_as(
        "SELECT id, account_sequence, tree_count, contribution_per_tree, adoption_date + 1 AS effective_date,
             (adoption_date + 1 + interval '2 years')::date AS expire_date
         FROM seed.synced_adoptions ORDER BY adoption_date, original_adoption_id",
    );
    Ok(adoptions.fetch_all(pool).await?)
}

/// Distributes them all; says how many transactions had to begin again.
pub(crate) async fn distribute(pool: &PgPool, adoptions: Vec<Adoption>) -> anyhow::Result<u64> {
    let adoptions = Arc::new(adoptions);
    let next = Arc::new(AtomicUsize::new(0));
    let again = Arc::new(AtomicU64::new(0));
    let mut tasks: JoinSet<anyhow::Result<()>> = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let mut connection = pool.acquire().await?;
        let (adoptions, next, again) = (Arc::clone(&adoptions), Arc::clone(&next), Arc::clone(&again));
        tasks.spawn(async move {
            while let Some(adoption) = adoptions.get(next.fetch_add(1, Ordering::Relaxed)) {
                while let Err(refused) = process(&mut connection, adoption).await {
                    refused.ensure_repeatable()?;
                    again.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM seed.synced_adoptions WHERE NOT contribution_distributed")
            .fetch_one(pool)
            .await?;
    anyhow::ensure!(left == 0, "{left} adoptions were not distributed");
    Ok(again.load(Ordering::Relaxed))
}
