//! One adoption's transaction, as the first specification's pseudo-code has it.

use chrono::NaiveDate;
use sqlx::types::Decimal;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// PostgreSQL's code of a transaction that was chosen to end a deadlock.
const DEADLOCK: &str = "40P01";

/// An adoption that is to be distributed.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Adoption {
    id: Uuid,
    account_sequence: String,
    tree_count: i32,
    contribution_per_tree: Decimal,
    effective_date: NaiveDate,
    expire_date: NaiveDate,
}

impl Adoption {
    fn base(&self) -> Decimal {
        self.contribution_per_tree * Decimal::from(self.tree_count)
    }
}

/// Why a transaction did not commit.
pub(super) enum Refused {
    /// Somebody else has written the account meanwhile.
    Version,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl Refused {
    /// An error, where a second attempt would fail as well.
    pub(super) fn ensure_repeatable(self) -> anyhow::Result<()> {
        match self {
            Self::Version => Ok(()),
            Self::Database(sqlx::Error::Database(error)) if error.code().as_deref() == Some(DEADLOCK) => {
                Ok(())
            }
            Self::Database(error) => Err(error.into()),
        }
    }
}

/// One share of an adoption: of the adopter or of an ancestor.
struct Share<'a> {
    account: &'a str,
    source_type: &'a str,
    rate: Decimal,
    level: Option<i32>,
    tier: Option<i32>,
}

#[derive(sqlx::FromRow)]
struct Ancestor {
    account_sequence: String,
    unlocked_level_depth: i32,
    unlocked_bonus_tiers: i32,
}

/// The specification's `processAdoptionContribution`.
pub(super) async fn process(connection: &mut PgConnection, adoption: &Adoption) -> Result<(), Refused> {
    let mut transaction = connection.begin().await?;
    let account = adoption.account_sequence.as_str();
    let own = Share { account, source_type: "PERSONAL", rate: Decimal::new(70, 2), level: None, tier: None };
    create_record(&mut transaction, adoption, &own).await?;
    for (system, percent) in [("OPERATION", 12), ("PROVINCE", 1), ("CITY", 2)] {
        create_system_record(&mut transaction, adoption, system, Decimal::new(percent, 2)).await?;
    }
    distribute_team(&mut transaction, adoption).await?;
    sqlx::query(
        "UPDATE seed.synced_adoptions SET contribution_distributed = TRUE, contribution_distributed_at = now()
         WHERE id = $1",
    )
    .bind(adoption.id)
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// Its `distributeTeamContribution`.
async fn distribute_team(connection: &mut PgConnection, adoption: &Adoption) -> Result<(), Refused> {
    let ancestors = ancestors(connection, &adoption.account_sequence).await?;
    let (level_rate, tier_rate) = (Decimal::new(5, 3), Decimal::new(25, 3));
    for (ancestor, level) in ancestors.iter().zip(1..) {
        let account = ancestor.account_sequence.as_str();
        if ancestor.unlocked_level_depth >= level {
            let share = Share {
                account,
                source_type: "TEAM_LEVEL",
                rate: level_rate,
                level: Some(level),
                tier: None,
            };
            create_record(connection, adoption, &share).await?;
        } else {
            let lost = ("LEVEL_OVERFLOW".to_owned(), level_rate);
            create_unallocated(connection, adoption, account, Some(level), lost).await?;
        }
    }
    let Some(referrer) = ancestors.first() else { return Ok(()) };
    let account = referrer.account_sequence.as_str();
    for tier in 1..=3 {
        if referrer.unlocked_bonus_tiers >= tier {
            let share =
                Share { account, source_type: "TEAM_BONUS", rate: tier_rate, level: None, tier: Some(tier) };
            create_record(connection, adoption, &share).await?;
        } else {
            let lost = (format!("BONUS_TIER_{tier}"), tier_rate);
            create_unallocated(connection, adoption, account, None, lost).await?;
        }
    }
    Ok(())
}

/// The nearest fifteen, nearest first.
async fn ancestors(connection: &mut PgConnection, account: &str) -> sqlx::Result<Vec<Ancestor>> {
    sqlx::query_as(
        "WITH RECURSIVE chain (account_sequence, level) AS (
             SELECT referrer_account_sequence, 1 FROM seed.synced_referrals WHERE account_sequence = $1
             UNION ALL
             SELECT r.referrer_account_sequence, chain.level + 1
             FROM chain JOIN seed.synced_referrals r ON r.account_sequence = chain.account_sequence
             WHERE chain.level < 15)
         SELECT account_sequence, unlocked_level_depth, unlocked_bonus_tiers
         FROM chain JOIN seed.contribution_accounts USING (account_sequence) ORDER BY level",
    )
    .bind(account)
    .fetch_all(connection)
    .await
}

async fn create_record(
    connection: &mut PgConnection,
    adoption: &Adoption,
    share: &Share<'_>,
) -> Result<(), Refused> {
    let amount = adoption.base() * share.rate;
    sqlx::query(
        "INSERT INTO seed.contribution_records (account_sequence, source_type, source_adoption_id,
             source_account_sequence, tree_count, base_contribution, distribution_rate, level_depth, bonus_tier, amount,
             effective_date, expire_date)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(share.account)
    .bind(share.source_type)
    .bind(adoption.id)
    .bind(&adoption.account_sequence)
    .bind(adoption.tree_count)
    .bind(adoption.contribution_per_tree)
    .bind(share.rate)
    .bind(share.level)
    .bind(share.tier)
    .bind(amount)
    .bind(adoption.effective_date)
    .bind(adoption.expire_date)
    .execute(&mut *connection)
    .await?;
    add_to_account(connection, share, amount).await
}

/// Reads the account, adds, and writes it if it is still of the version that was read.
async fn add_to_account(
    connection: &mut PgConnection,
    share: &Share<'_>,
    amount: Decimal,
) -> Result<(), Refused> {
    let (version, mut personal, mut level, mut bonus, total, effective): (
        i32,
        Decimal,
        Decimal,
        Decimal,
        Decimal,
        Decimal,
    ) = sqlx::query_as(
        "SELECT version, personal_contribution, team_level_contribution, team_bonus_contribution,
                 total_contribution, effective_contribution
             FROM seed.contribution_accounts WHERE account_sequence = $1",
    )
    .bind(share.account)
    .fetch_one(&mut *connection)
    .await?;
    match share.source_type {
        "PERSONAL" => personal += amount,
        "TEAM_LEVEL" => level += amount,
        _ => bonus += amount,
    }
    let written = sqlx::query(
        "UPDATE seed.contribution_accounts SET personal_contribution = $3, team_level_contribution = $4,
             team_bonus_contribution = $5, total_contribution = $6, effective_contribution = $7, version = $2 + 1,
             updated_at = now()
         WHERE account_sequence = $1 AND version = $2",
    )
    .bind(share.account)
    .bind(version)
    .bind(personal)
    .bind(level)
    .bind(bonus)
    .bind(total + amount)
    .bind(effective + amount)
    .execute(connection)
    .await?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(Refused::Version) }
}

async fn create_system_record(
    connection: &mut PgConnection,
    adoption: &Adoption,
    system: &str,
    rate: Decimal,
) -> Result<(), Refused> {
    let amount = adoption.base() * rate;
    let (id, version, balance): (Uuid, i32, Decimal) = sqlx::query_as(
        "SELECT id, version, contribution_balance FROM seed.system_accounts WHERE account_type = $1",
    )
    .bind(system)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO seed.system_contribution_records (system_account_id, source_adoption_id,
             source_account_sequence, distribution_rate, amount, effective_date)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(adoption.id)
    .bind(&adoption.account_sequence)
    .bind(rate)
    .bind(amount)
    .bind(adoption.effective_date)
    .execute(&mut *connection)
    .await?;
    let written = sqlx::query(
        "UPDATE seed.system_accounts SET contribution_balance = $3, version = $2 + 1, updated_at = now()
         WHERE id = $1 AND version = $2",
    )
    .bind(id)
    .bind(version)
    .bind(balance + amount)
    .execute(connection)
    .await?;
    if written.rows_affected() == 1 { Ok(()) } else { Err(Refused::Version) }
}

async fn create_unallocated(
    connection: &mut PgConnection,
    adoption: &Adoption,
    would_be: &str,
    level: Option<i32>,
    (kind, rate): (String, Decimal),
) -> Result<(), Refused> {
    sqlx::query(
        "INSERT INTO seed.unallocated_contributions (source_adoption_id, source_account_sequence, unalloc_type,
             would_be_account_sequence, level_depth, amount, effective_date, expire_date)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(adoption.id)
    .bind(&adoption.account_sequence)
    .bind(kind)
    .bind(would_be)
    .bind(level)
    .bind(adoption.base() * rate)
    .bind(adoption.effective_date)
    .bind(adoption.expire_date)
    .execute(connection)
    .await?;
    Ok(())
}
