//! One account and one adoption beside what they follow from, for an operator who asks about them.
//!
//! Called in one snapshot ([`crate::views::snapshot`]); nothing writes or locks. One round trip a function.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Amount, UnallocatedKind};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::rebuild::Counted;
use crate::verify::accounts::{Balances, Counts};
use crate::verify::derived::StoredAccount;
use crate::{Error, Result};

/// The account's row, with its version.
pub async fn account(connection: &mut PgConnection, account: &str) -> Result<Option<(StoredAccount, i64)>> {
    let row = sqlx::query!(
        "SELECT account_sequence, personal_contribution, team_level_contribution, team_bonus_contribution,
             total_contribution, effective_contribution, unlock_seq, has_adopted, direct_referral_adopted_count,
             unlocked_level_depth, unlocked_bonus_tiers, version
         FROM contribution_accounts WHERE account_sequence = $1",
        account
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let balances = Balances {
            personal: row.personal_contribution,
            team_level: row.team_level_contribution,
            team_bonus: row.team_bonus_contribution,
            total: row.total_contribution,
            effective: row.effective_contribution,
        };
        let counts = Counts {
            seq: row.unlock_seq,
            has_adopted: row.has_adopted,
            directs: row.direct_referral_adopted_count,
            depth: row.unlocked_level_depth,
            tiers: row.unlocked_bonus_tiers,
        };
        (StoredAccount { account: row.account_sequence, balances, counts }, row.version)
    }))
}

/// The sums of an account's lines of one kind, as they stand on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindSums {
    /// `PERSONAL`, `TEAM_LEVEL` or `TEAM_BONUS`.
    pub source_type: String,
    /// How many.
    pub lines: i64,
    /// Those that count on the day.
    pub live: Decimal,
    /// Those that take effect later.
    pub not_yet: Decimal,
    /// Those that have expired.
    pub expired: Decimal,
}

/// The sums of the account's lines on `day`, a kind each.
pub async fn lines(connection: &mut PgConnection, account: &str, day: NaiveDate) -> Result<Vec<KindSums>> {
    Ok(sqlx::query_as!(
        KindSums,
        r#"SELECT source_type, count(*) AS "lines!",
               coalesce(sum(amount) FILTER (WHERE effective_date <= $2 AND expire_date > $2), 0) AS "live!",
               coalesce(sum(amount) FILTER (WHERE effective_date > $2 AND expire_date > $2), 0) AS "not_yet!",
               coalesce(sum(amount) FILTER (WHERE expire_date <= $2), 0) AS "expired!"
           FROM contribution_records WHERE account_sequence = $1 GROUP BY source_type ORDER BY source_type"#,
        account,
        day
    )
    .fetch_all(connection)
    .await?)
}

/// The newest effect on the account of an entry that was carried out. Reads the journal downwards from the last entry
/// that changed anything about the account: the first row, unless that one is not carried out yet or only named its
/// referrer.
pub async fn newest_effect(connection: &mut PgConnection, account: &str) -> Result<Option<Counted>> {
    Ok(sqlx::query_as!(
        Counted,
        r#"SELECT $1 AS "account!", j.distribution_seq AS seq, e.live AS "live!", e.directs AS "directs!",
               c.booked_day AS "booked_day!", c.distributed_at AS "distributed_at!"
           FROM distribution_journal j
           CROSS JOIN LATERAL UNNEST(j.effect_accounts, j.effect_live, j.effect_directs) AS e (account, live, directs)
           CROSS JOIN LATERAL (
               SELECT booked_day, distributed_at FROM distribution_chunks
               WHERE first_seq <= j.distribution_seq ORDER BY first_seq DESC LIMIT 1) c
           WHERE j.distribution_seq <= (SELECT last_seq FROM sequencer_accounts WHERE account_sequence = $1)
               AND e.account = $1 AND c.distributed_at IS NOT NULL AND c.booked_day IS NOT NULL
           ORDER BY j.distribution_seq DESC LIMIT 1"#,
        account
    )
    .fetch_optional(connection)
    .await?)
}

/// Shares of one kind that an account would have received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Which share.
    pub kind: UnallocatedKind,
    /// How many lines.
    pub lines: i64,
    /// What they carry.
    pub amount: Amount,
}

/// What nobody received and `account` would have, a kind each, by slot. Reads all unallocated lines: no index names
/// that account.
pub async fn missed(connection: &mut PgConnection, account: &str) -> Result<Vec<Missed>> {
    let rows = sqlx::query!(
        r#"SELECT min(slot) AS "slot!", unalloc_type, level_depth, count(*) AS "lines!", sum(amount) AS "amount!"
           FROM unallocated_contributions WHERE would_be_account_sequence = $1
           GROUP BY unalloc_type, level_depth ORDER BY 1"#,
        account
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let level = row.level_depth.and_then(|level| u8::try_from(level).ok());
            let kind = match (row.unalloc_type.as_str(), level) {
                ("LEVEL_OVERFLOW", Some(level)) => UnallocatedKind::LevelOverflow(level),
                ("BONUS_TIER_1", None) => UnallocatedKind::BonusTier(1),
                ("BONUS_TIER_2", None) => UnallocatedKind::BonusTier(2),
                ("BONUS_TIER_3", None) => UnallocatedKind::BonusTier(3),
                (other, level) => {
                    return Err(Error::corrupt(format!("an unallocated line {other} of level {level:?}")));
                }
            };
            Ok(Missed { kind, lines: row.lines, amount: Amount::from_decimal(row.amount)? })
        })
        .collect()
}

/// Where an adoption stands in the sequencer's backlog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `changed`, `ready`, `waiting`, `anomaly` or `ineligible`.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
    /// When state and reason began.
    pub since: DateTime<Utc>,
    /// The account whose referral row or move it waits for.
    pub waiting_for: Option<String>,
    /// How many adoptions of its state are numbered before it.
    pub before: i64,
    /// How many that were distributed have changed: these are numbered before all that are ready.
    pub changed: i64,
}

/// The adoption's place; none where there is nothing to do about it.
pub async fn place(connection: &mut PgConnection, adoption: Uuid) -> Result<Option<Place>> {
    Ok(sqlx::query_as!(
        Place,
        r#"SELECT b.state, b.reason, b.since, b.waiting_for,
               CASE b.state
                   WHEN 'ready' THEN (SELECT count(*) FROM sequencer_backlog o WHERE o.state = 'ready'
                       AND (o.adoption_date, o.source_created_at, o.original_adoption_id)
                           < (b.adoption_date, b.source_created_at, b.original_adoption_id))
                   WHEN 'changed' THEN (SELECT count(*) FROM sequencer_backlog o WHERE o.state = 'changed'
                       AND o.original_adoption_id < b.original_adoption_id)
                   ELSE 0 END AS "before!",
               (SELECT count(*) FROM sequencer_backlog WHERE state = 'changed') AS "changed!"
           FROM sequencer_backlog b WHERE b.original_adoption_id = $1"#,
        adoption
    )
    .fetch_optional(connection)
    .await?)
}

/// What can keep everything from being numbered, or one adoption from being looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// Whether the initial snapshots have been read, and numbering has begun.
    pub open: bool,
    /// Whether a change of the adoption, or of its account's referral, is still to be judged.
    pub queued: bool,
    /// The number through which every entry has been carried out.
    pub watermark: i64,
}

/// The outlook for an adoption of `account`.
pub async fn outlook(connection: &mut PgConnection, adoption: Uuid, account: &str) -> Result<Outlook> {
    Ok(sqlx::query_as!(
        Outlook,
        r#"SELECT s.bootstrap_open AS open,
               EXISTS (SELECT FROM sequencer_queue WHERE original_adoption_id = $1 OR account_sequence = $2)
                   AS "queued!",
               coalesce((SELECT min(first_seq) - 1 FROM distribution_chunks WHERE distributed_at IS NULL), s.last_seq)
                   AS "watermark!"
           FROM sequencer_state s"#,
        adoption,
        account
    )
    .fetch_one(connection)
    .await?)
}
