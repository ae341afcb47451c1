//! Rows of the synced tables as the ingestor leaves them, for tests of what comes after it.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgPool;
use sqlx::types::Decimal;
use uuid::Uuid;

/// An adoption upstream.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// Upstream id.
    pub id: Uuid,
    /// Adopter.
    pub account: String,
    /// Trees.
    pub trees: i32,
    /// Its date.
    pub date: NaiveDate,
    /// Its status.
    pub status: Option<String>,
    /// The price it names, if it does.
    pub price: Option<Decimal>,
    /// When it was made upstream.
    pub created_at: Option<DateTime<Utc>>,
}

impl Adoption {
    /// One tree for `account` on `date`, priced by the formula, made `nth` in order.
    pub fn new(account: &str, date: NaiveDate, nth: i64) -> Self {
        Self {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{account}/{nth}").as_bytes()),
            account: account.to_owned(),
            trees: 1,
            date,
            status: Some("ACTIVE".to_owned()),
            price: None,
            created_at: DateTime::from_timestamp(1_700_000_000 + nth, 0),
        }
    }
}

/// Writes an adoption, new or changed, and queues it.
pub async fn adoption(pool: &PgPool, adoption: &Adoption) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO synced_adoptions AS a (original_adoption_id, account_sequence, tree_count, adoption_date, status,
             contribution_per_tree, source_created_at, source_sequence_num)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
         ON CONFLICT (original_adoption_id) DO UPDATE SET account_sequence = excluded.account_sequence,
             tree_count = excluded.tree_count, adoption_date = excluded.adoption_date, status = excluded.status,
             contribution_per_tree = excluded.contribution_per_tree, changed_version = a.changed_version + 1",
    )
    .bind(adoption.id)
    .bind(&adoption.account)
    .bind(adoption.trees)
    .bind(adoption.date)
    .bind(&adoption.status)
    .bind(adoption.price)
    .bind(adoption.created_at)
    .execute(pool)
    .await?;
    sqlx::query("INSERT INTO sequencer_queue (kind, original_adoption_id) VALUES (1, $1)")
        .bind(adoption.id)
        .execute(pool)
        .await?;
    Ok(())
}

/// Writes the referral of `account`, new or changed, and queues it. `upline` stays as it was: walks must not rely on it.
pub async fn referral(pool: &PgPool, account: &str, referrer: Option<&str>) -> anyhow::Result<()> {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, account.as_bytes());
    sqlx::query(
        "INSERT INTO synced_referrals (original_referral_id, account_sequence, referrer_account_sequence,
             source_sequence_num) VALUES ($1, $2, $3, 1)
         ON CONFLICT (original_referral_id) DO UPDATE
             SET referrer_account_sequence = excluded.referrer_account_sequence, source_deleted_at = NULL",
    )
    .bind(id)
    .bind(account)
    .bind(referrer)
    .execute(pool)
    .await?;
    queue_referral(pool, account).await
}

/// Deletes the referral of `account`, as upstream's delete is kept.
pub async fn delete_referral(pool: &PgPool, account: &str) -> anyhow::Result<()> {
    sqlx::query("UPDATE synced_referrals SET source_deleted_at = now() WHERE account_sequence = $1")
        .bind(account)
        .execute(pool)
        .await?;
    queue_referral(pool, account).await
}

async fn queue_referral(pool: &PgPool, account: &str) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO sequencer_queue (kind, account_sequence) VALUES (0, $1)")
        .bind(account)
        .execute(pool)
        .await?;
    Ok(())
}

/// Says that the initial snapshots have been read.
pub async fn open_gate(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::query("UPDATE sequencer_state SET bootstrap_open = TRUE").execute(pool).await?;
    Ok(())
}

/// Sets the business day.
pub async fn business_day(pool: &PgPool, day: NaiveDate) -> anyhow::Result<()> {
    sqlx::query("UPDATE business_day SET current_day = $1").bind(day).execute(pool).await?;
    Ok(())
}
