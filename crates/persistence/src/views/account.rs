//! Accounts as they stand. One statement, so the rows, the day and the watermark are of one moment.

use chrono::NaiveDate;
use domain::{AccountSequence, Amount};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;

use super::as_of::{AsOf, BusinessDay};
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

/// The account, with zeros before its first entry is carried out; none before the first user, referral or entry that
/// names it.
pub async fn read(connection: &mut PgConnection, account: &AccountSequence) -> Result<Option<Account>> {
    Ok(read_all(connection, std::slice::from_ref(account)).await?.pop())
}

/// Those of the accounts that are known, in the order in which they are asked for.
pub async fn read_all(connection: &mut PgConnection, accounts: &[AccountSequence]) -> Result<Vec<Account>> {
    let names: Vec<&str> = accounts.iter().map(AccountSequence::as_str).collect();
    let rows = sqlx::query!(
        r#"SELECT n.name AS "name!", a.personal_contribution AS "personal?", a.team_level_contribution AS "team_level?",
               a.team_bonus_contribution AS "team_bonus?", a.total_contribution AS "total?",
               a.effective_contribution AS "effective?", a.has_adopted AS "has_adopted?",
               a.direct_referral_adopted_count AS "directs?", a.unlocked_level_depth AS "depth?",
               a.unlocked_bonus_tiers AS "tiers?", a.version AS "version?",
               CASE WHEN a.id IS NOT NULL THEN TRUE ELSE
                   EXISTS (SELECT FROM synced_users WHERE account_sequence = n.name)
                   OR EXISTS (SELECT FROM sequencer_accounts WHERE account_sequence = n.name)
                   OR EXISTS (SELECT FROM synced_referrals WHERE referrer_account_sequence = n.name)
                   OR EXISTS (SELECT FROM synced_referrals
                              WHERE account_sequence = n.name AND source_deleted_at IS NULL AND NOT displaced)
                   OR EXISTS (SELECT FROM synced_referrals
                              WHERE account_sequence = n.name AND (source_deleted_at IS NOT NULL OR displaced))
               END AS "known!",
               l.epoch, d.current_day, d.time_zone, d.roll_phase, d.roll_cursor,
               (SELECT CASE WHEN bool_and(watermark IS NOT NULL) THEN min(watermark) END FROM cdc_watermarks)
                   AS source_time,
               coalesce((SELECT min(first_seq) - 1 FROM distribution_chunks WHERE distributed_at IS NULL),
                   (SELECT last_seq FROM sequencer_state)) AS "distribution_seq!"
           FROM unnest($1::text[]) WITH ORDINALITY AS n (name, place)
           CROSS JOIN published_ledger l CROSS JOIN business_day d
           LEFT JOIN contribution_accounts a ON a.account_sequence = n.name
           ORDER BY n.place"#,
        names as Vec<&str>
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .filter(|row| row.known)
        .map(|row| {
            let day = BusinessDay {
                day: row.current_day,
                time_zone: row.time_zone,
                roll_phase: row.roll_phase,
                roll_cursor: row.roll_cursor,
            };
            let amount = |value: Option<Decimal>| super::sum(value);
            Ok(Account {
                effective_on: day.effective_on(&row.name)?,
                account_sequence: AccountSequence::parse(&row.name)?,
                personal_contribution: amount(row.personal)?,
                team_level_contribution: amount(row.team_level)?,
                team_bonus_contribution: amount(row.team_bonus)?,
                total_contribution: amount(row.total)?,
                effective_contribution: amount(row.effective)?,
                has_adopted: row.has_adopted.unwrap_or_default(),
                direct_referral_adopted_count: row.directs.unwrap_or_default(),
                unlocked_level_depth: row.depth.unwrap_or_default(),
                unlocked_bonus_tiers: row.tiers.unwrap_or_default(),
                version: row.version.unwrap_or_default(),
                as_of: AsOf {
                    epoch: row.epoch,
                    source_time: row.source_time,
                    distribution_seq: row.distribution_seq,
                },
            })
        })
        .collect()
}

/// Whether a user, a referral or an entry has named the account.
pub async fn is_known(connection: &mut PgConnection, account: &AccountSequence) -> Result<bool> {
    Ok(read(connection, account).await?.is_some())
}
