//! What stands below an account, level by level: accounts, trees, what they brought and what was missed.
//!
//! To be called in one snapshot. Trees and what was missed are read from what the roll adds up; what was brought is summed
//! over the account's lines, one index range; accounts are counted down the referrals, to a limit.

use chrono::NaiveDate;
use domain::{AccountSequence, Amount, MAX_LEVEL, MAX_TIER};
use serde::Serialize;
use sqlx::PgConnection;

use super::{missed, sum};
use crate::Result;

/// Accounts that are counted at most.
const MOST_ACCOUNTS: i64 = 100_000;

/// The levels and tiers of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// The day at whose end the trees are counted: the last that is over and on which something changed; null where
    /// there was none.
    pub trees_on: Option<NaiveDate>,
    /// Levels 1 to 15.
    pub levels: Vec<Level>,
    /// Bonus tiers 1 to 3.
    pub tiers: Vec<Tier>,
}

/// A level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Level {
    /// 1 to 15.
    pub level: u8,
    /// Accounts that upstream's referrals put there; null from the level on at which 100000 were counted.
    pub accounts: Option<i64>,
    /// Trees of live adoptions that were distributed with the account at this level above them.
    pub trees: i32,
    /// What the account received from the level, expired and reversed lines included.
    pub brought: Amount,
    /// What it would have received, had it unlocked the level in time (`LEVEL_LOCKED`).
    pub missed: Amount,
    /// In how many lines.
    pub missed_lines: i64,
}

/// A bonus tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Tier {
    /// 1 to 3.
    pub tier: u8,
    /// What the account received by the tier, expired and reversed lines included.
    pub brought: Amount,
    /// What it would have received, had it unlocked the tier in time (`TIER_LOCKED`).
    pub missed: Amount,
    /// In how many lines.
    pub missed_lines: i64,
}

/// The team of `account`. Four round trips.
pub async fn read(connection: &mut PgConnection, account: &AccountSequence) -> Result<Team> {
    let (trees_on, trees) = trees(&mut *connection, account).await?;
    let accounts = accounts(&mut *connection, account).await?;
    let brought = brought(&mut *connection, account).await?;
    let missed = missed::of_account(connection, account).await?;
    let brought_by = |level: Option<u8>, tier: Option<u8>| {
        let is = |stored: Option<i32>, asked: Option<u8>| stored == asked.map(i32::from);
        let found = brought.iter().find(|(l, t, _)| is(*l, level) && is(*t, tier));
        found.map_or(Amount::ZERO, |(_, _, amount)| *amount)
    };
    let missed_by = |reason: &str, place: u8| {
        let found =
            missed.iter().find(|share| share.reason == reason && share.level_or_tier == i16::from(place));
        found.map_or((Amount::ZERO, 0), |share| (share.amount, share.lines))
    };
    let level = |level: u8| {
        let (missed, missed_lines) = missed_by("LEVEL_LOCKED", level);
        let place = usize::from(level) - 1;
        let brought = brought_by(Some(level), None);
        Level { level, accounts: accounts[place], trees: trees[place], brought, missed, missed_lines }
    };
    let tier = |tier: u8| {
        let (missed, missed_lines) = missed_by("TIER_LOCKED", tier);
        Tier { tier, brought: brought_by(None, Some(tier)), missed, missed_lines }
    };
    Ok(Team {
        trees_on,
        levels: (1..=MAX_LEVEL).map(level).collect(),
        tiers: (1..=MAX_TIER).map(tier).collect(),
    })
}

/// Trees of each level by the newest statistics.
async fn trees(
    connection: &mut PgConnection,
    account: &AccountSequence,
) -> Result<(Option<NaiveDate>, Vec<i32>)> {
    let row = sqlx::query!(
        r#"SELECT stats_date, ARRAY[level_1_trees, level_2_trees, level_3_trees, level_4_trees, level_5_trees,
               level_6_trees, level_7_trees, level_8_trees, level_9_trees, level_10_trees, level_11_trees,
               level_12_trees, level_13_trees, level_14_trees, level_15_trees] AS "trees!: Vec<i32>"
           FROM user_team_stats WHERE account_sequence = $1 ORDER BY stats_date DESC LIMIT 1"#,
        account.as_str()
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map_or_else(|| (None, vec![0; MAX_LEVEL.into()]), |row| (Some(row.stats_date), row.trees)))
}

/// Accounts on each level.
async fn accounts(connection: &mut PgConnection, account: &AccountSequence) -> Result<Vec<Option<i64>>> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE below (account, level) AS (
               SELECT account_sequence, 1 FROM synced_referrals
               WHERE referrer_account_sequence = $1 AND source_deleted_at IS NULL AND NOT displaced
               UNION ALL
               SELECT r.account_sequence, below.level + 1
               FROM below JOIN synced_referrals r ON r.referrer_account_sequence = below.account
               WHERE below.level < $2 AND r.source_deleted_at IS NULL AND NOT r.displaced)
           SELECT level AS "level!", count(*) AS "accounts!" FROM (SELECT level FROM below LIMIT $3) AS counted
           GROUP BY level ORDER BY level"#,
        account.as_str(),
        i32::from(MAX_LEVEL),
        MOST_ACCOUNTS
    )
    .fetch_all(connection)
    .await?;
    let counted: i64 = rows.iter().map(|row| row.accounts).sum();
    let complete = counted < MOST_ACCOUNTS;
    let deepest = rows.last().map_or(0, |row| row.level);
    let of = |level: i32| {
        let found = rows.iter().find(|row| row.level == level).map_or(0, |row| row.accounts);
        (complete || level < deepest).then_some(found)
    };
    Ok((1..=i32::from(MAX_LEVEL)).map(of).collect())
}

/// What the account received, by level and by tier.
async fn brought(
    connection: &mut PgConnection,
    account: &AccountSequence,
) -> Result<Vec<(Option<i32>, Option<i32>, Amount)>> {
    let rows = sqlx::query!(
        "SELECT level_depth, bonus_tier, sum(amount) AS amount FROM contribution_records
         WHERE account_sequence = $1 AND source_type <> 'PERSONAL' GROUP BY level_depth, bonus_tier",
        account.as_str()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| Ok((row.level_depth, row.bonus_tier, sum(row.amount)?))).collect()
}
