//! Accounts as they stand. Rows, day and watermark come in one statement, so they are of one moment.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountSequence, Amount};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;

use super::as_of::{AsOf, BusinessDay};
use super::sum;
use crate::Result;

/// `GET /contributions/{accountSequence}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Whose.
    pub account_sequence: AccountSequence,
    /// From its own adoptions.
    pub personal_contribution: Amount,
    /// From the adoptions of its team.
    pub team_level_contribution: Amount,
    /// From the adoptions of its direct referrals.
    pub team_bonus_contribution: Amount,
    /// The three together, expired and reversed lines included.
    pub total_contribution: Amount,
    /// Its lines live on `effective_on`.
    pub effective_contribution: Amount,
    /// It has a live adoption.
    pub has_adopted: bool,
    /// Its direct referrals with a live adoption.
    pub direct_referral_adopted_count: i32,
    /// Levels it shares in.
    pub unlocked_level_depth: i32,
    /// Bonus tiers it shares in.
    pub unlocked_bonus_tiers: i32,
    /// Rises with every change; 0 before the first.
    pub version: i64,
    /// The day for which `effective_contribution` holds.
    pub effective_on: NaiveDate,
    /// Through what all this holds.
    pub as_of: AsOf,
}

/// As it is stored, with what all of it holds through.
struct Row {
    name: String,
    personal: Option<Decimal>,
    team_level: Option<Decimal>,
    team_bonus: Option<Decimal>,
    total: Option<Decimal>,
    effective: Option<Decimal>,
    has_adopted: Option<bool>,
    directs: Option<i32>,
    depth: Option<i32>,
    tiers: Option<i32>,
    version: Option<i64>,
    epoch: i32,
    current_day: NaiveDate,
    time_zone: String,
    roll_phase: String,
    roll_cursor: Option<String>,
    source_time: Option<DateTime<Utc>>,
    distribution_seq: i64,
}

/// The account, with zeros before its first entry is carried out; none before the first user, referral or entry that
/// names it.
pub async fn read(connection: &mut PgConnection, account: &AccountSequence) -> Result<Option<Account>> {
    Ok(read_all(connection, std::slice::from_ref(account)).await?.pop().flatten())
}

/// The same of each of the accounts. One round trip where all have a row, else two.
pub async fn read_all(
    connection: &mut PgConnection,
    accounts: &[AccountSequence],
) -> Result<Vec<Option<Account>>> {
    let names: Vec<&str> = accounts.iter().map(AccountSequence::as_str).collect();
    // the names stand in a SELECT of their own so that no plan depends on how many they are: it is made once
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT n.name AS "name!", a.personal_contribution AS "personal?", a.team_level_contribution AS "team_level?",
               a.team_bonus_contribution AS "team_bonus?", a.total_contribution AS "total?",
               a.effective_contribution AS "effective?", a.has_adopted AS "has_adopted?",
               a.direct_referral_adopted_count AS "directs?", a.unlocked_level_depth AS "depth?",
               a.unlocked_bonus_tiers AS "tiers?", a.version AS "version?",
               l.epoch, d.current_day, d.time_zone, d.roll_phase, d.roll_cursor,
               (SELECT CASE WHEN bool_and(watermark IS NOT NULL) THEN min(watermark) END FROM cdc_watermarks)
                   AS source_time,
               coalesce((SELECT min(first_seq) - 1 FROM distribution_chunks WHERE distributed_at IS NULL),
                   (SELECT last_seq FROM sequencer_state)) AS "distribution_seq!"
           FROM unnest((SELECT $1::text[])) WITH ORDINALITY AS n (name, place)
           CROSS JOIN published_ledger l CROSS JOIN business_day d
           LEFT JOIN contribution_accounts a ON a.account_sequence = n.name
           ORDER BY n.place"#,
        names as Vec<&str>
    )
    .fetch_all(&mut *connection)
    .await?;
    let without: Vec<&str> = rows.iter().filter(|row| row.version.is_none()).map(|row| &*row.name).collect();
    let known = if without.is_empty() { HashSet::new() } else { known_of(connection, without).await? };
    let is_known = |row: &Row| row.version.is_some() || known.contains(&row.name);
    rows.into_iter().map(|row| is_known(&row).then(|| row.into_account()).transpose()).collect()
}

/// Those that a user, a referral or an entry names.
async fn known_of(connection: &mut PgConnection, names: Vec<&str>) -> Result<HashSet<String>> {
    let known = sqlx::query_scalar!(
        r#"SELECT n.name AS "name!" FROM unnest($1::text[]) AS n (name)
           WHERE EXISTS (SELECT FROM synced_users WHERE account_sequence = n.name)
              OR EXISTS (SELECT FROM sequencer_accounts WHERE account_sequence = n.name)
              OR EXISTS (SELECT FROM synced_referrals WHERE referrer_account_sequence = n.name)
              OR EXISTS (SELECT FROM synced_referrals
                         WHERE account_sequence = n.name AND source_deleted_at IS NULL AND NOT displaced)
              OR EXISTS (SELECT FROM synced_referrals
                         WHERE account_sequence = n.name AND (source_deleted_at IS NOT NULL OR displaced))"#,
        names as Vec<&str>
    )
    .fetch_all(connection)
    .await?;
    Ok(known.into_iter().collect())
}

impl Row {
    fn into_account(self) -> Result<Account> {
        let day = BusinessDay {
            day: self.current_day,
            time_zone: self.time_zone,
            roll_phase: self.roll_phase,
            roll_cursor: self.roll_cursor,
        };
        Ok(Account {
            effective_on: day.effective_on(&self.name)?,
            account_sequence: AccountSequence::parse(&self.name)?,
            personal_contribution: sum(self.personal)?,
            team_level_contribution: sum(self.team_level)?,
            team_bonus_contribution: sum(self.team_bonus)?,
            total_contribution: sum(self.total)?,
            effective_contribution: sum(self.effective)?,
            has_adopted: self.has_adopted.unwrap_or_default(),
            direct_referral_adopted_count: self.directs.unwrap_or_default(),
            unlocked_level_depth: self.depth.unwrap_or_default(),
            unlocked_bonus_tiers: self.tiers.unwrap_or_default(),
            version: self.version.unwrap_or_default(),
            as_of: AsOf {
                epoch: self.epoch,
                source_time: self.source_time,
                distribution_seq: self.distribution_seq,
            },
        })
    }
}

/// Whether a user, a referral or an entry has named the account.
pub async fn is_known(connection: &mut PgConnection, account: &AccountSequence) -> Result<bool> {
    Ok(read(connection, account).await?.is_some())
}
