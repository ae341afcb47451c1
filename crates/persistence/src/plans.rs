//! Plans: the versions that decide rates, prices, unlocking and terms (RULES section 3, Plans).
//!
//! Reads whole versions and refuses one that does not check. Part of the caller's transaction, one round trip a
//! function unless it says otherwise. Whoever adds a plan calls [`lock_numbering`] first, then holds the business day alone,
//! and writes the system accounts last.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Amount, Plan, PlanVersion, Plans, Pricing, Rate, Rates, SystemAccount, UnlockTable};
use sqlx::PgConnection;

use crate::{Error, Result};

/// Every plan, as of this statement.
pub async fn all(connection: &mut PgConnection) -> Result<Plans> {
    let rows = sqlx::query!("SELECT * FROM plans ORDER BY version").fetch_all(connection).await?;
    let plans = rows
        .into_iter()
        .map(|row| {
            Ok(Plan {
                version: PlanVersion(row.version),
                applies_from: row.applies_from,
                rates: Rates {
                    personal: Rate::from_decimal(row.personal)?,
                    operation: Rate::from_decimal(row.operation)?,
                    province: Rate::from_decimal(row.province)?,
                    city: Rate::from_decimal(row.city)?,
                    level_per: Rate::from_decimal(row.level_per)?,
                    bonus_per: Rate::from_decimal(row.bonus_per)?,
                },
                pricing: Pricing {
                    base_contribution: Amount::from_decimal(row.base_contribution)?,
                    increment_percentage: Rate::from_decimal(row.increment_percentage)?,
                    unit_size: row.unit_size,
                    start_tree_number: row.start_tree_number,
                },
                unlock: UnlockTable {
                    level_directs: row.unlock_level_directs,
                    level_depths: row.unlock_level_depths,
                    tier_directs: row.unlock_tier_directs,
                },
                term_years: row.term_years,
                never_expiring: row
                    .never_expiring
                    .iter()
                    .map(|name| SystemAccount::parse(name).map_err(Error::corrupt))
                    .collect::<Result<_>>()?,
            })
        })
        .collect::<Result<Vec<_>>>()?;
    Plans::new(plans).map_err(Error::corrupt)
}

/// When a plan was added, and how many entries it decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The plan.
    pub version: PlanVersion,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// Its entries. Of plan 1, whose entries no index tells apart, all that no other plan decided, referral moves
    /// included.
    pub entries: i64,
}

/// How each plan was used, by version. Reads `idx_distribution_journal_plan`, never the journal.
pub async fn usage(connection: &mut PgConnection) -> Result<Vec<Usage>> {
    let rows = sqlx::query!(
        r#"WITH used AS MATERIALIZED (
               SELECT plan_version, count(*) AS entries FROM distribution_journal
               WHERE plan_version > 1 GROUP BY plan_version)
           SELECT p.version, p.created_at,
               CASE p.version WHEN 1 THEN s.last_seq - coalesce((SELECT sum(entries) FROM used), 0)::bigint
                   ELSE coalesce(u.entries, 0) END AS "entries!"
           FROM plans p CROSS JOIN sequencer_state s LEFT JOIN used u ON u.plan_version = p.version
           ORDER BY p.version"#
    )
    .fetch_all(connection)
    .await?;
    let usage = rows.into_iter().map(|row| Usage {
        version: PlanVersion(row.version),
        created_at: row.created_at,
        entries: row.entries,
    });
    Ok(usage.collect())
}

/// Keeps every other writer of plans and every numbering transaction out until this one ends, so that each entry is
/// numbered either before the plan or with it in sight.
pub async fn lock_numbering(connection: &mut PgConnection) -> Result<()> {
    sqlx::query_scalar!("SELECT last_seq FROM sequencer_state FOR UPDATE").fetch_one(connection).await?;
    Ok(())
}

/// Adds a plan; the caller has called [`lock_numbering`]. It counts as created at `at`, but never before an entry that
/// was numbered without it.
pub async fn insert(connection: &mut PgConnection, plan: &Plan, at: DateTime<Utc>) -> Result<()> {
    let Plan { rates, pricing, unlock, .. } = plan;
    sqlx::query!(
        "INSERT INTO plans (version, applies_from, created_at, personal, operation, province, city, level_per,
             bonus_per, base_contribution, increment_percentage, unit_size, start_tree_number, unlock_level_directs,
             unlock_level_depths, unlock_tier_directs, term_years, never_expiring)
         VALUES ($1, $2, greatest($3, (SELECT sequenced_at + interval '1 microsecond' FROM distribution_journal
                                       ORDER BY distribution_seq DESC LIMIT 1)),
             $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
        plan.version.0,
        plan.applies_from,
        at,
        rates.personal.to_decimal(),
        rates.operation.to_decimal(),
        rates.province.to_decimal(),
        rates.city.to_decimal(),
        rates.level_per.to_decimal(),
        rates.bonus_per.to_decimal(),
        pricing.base_contribution.to_decimal()?,
        pricing.increment_percentage.to_decimal(),
        pricing.unit_size,
        pricing.start_tree_number,
        &unlock.level_directs,
        &unlock.level_depths,
        &unlock.tier_directs,
        plan.term_years,
        &names(&plan.never_expiring) as &[&str]
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what shows the plan in force: `contribution_configs`, `distribution_rate_configs` and
/// `contribution_never_expires` of the system accounts, whose rows it locks last, in the order of their types. Three
/// round trips.
pub async fn show_in_force(connection: &mut PgConnection, plan: &Plan, at: DateTime<Utc>) -> Result<()> {
    let Plan { rates, pricing, .. } = plan;
    let shown = sqlx::query!(
        "UPDATE contribution_configs SET base_contribution = $1, increment_percentage = $2, unit_size = $3,
             start_tree_number = $4
         WHERE is_active",
        pricing.base_contribution.to_decimal()?,
        pricing.increment_percentage.to_decimal(),
        pricing.unit_size,
        pricing.start_tree_number
    )
    .execute(&mut *connection)
    .await?;
    if shown.rows_affected() != 1 {
        return Err(Error::corrupt("contribution_configs has not one active row"));
    }
    let named = [
        ("PERSONAL", rates.personal),
        ("OPERATION", rates.operation),
        ("PROVINCE", rates.province),
        ("CITY", rates.city),
        ("LEVEL_PER", rates.level_per),
        ("BONUS_PER", rates.bonus_per),
    ];
    let shown = sqlx::query!(
        "UPDATE distribution_rate_configs c SET rate_value = t.rate
         FROM UNNEST($1::text[], $2::numeric[]) AS t (rate_type, rate) WHERE c.rate_type = t.rate_type",
        &named.map(|(name, _)| name) as &[&str],
        &named.map(|(_, rate)| rate.to_decimal())
    )
    .execute(&mut *connection)
    .await?;
    if shown.rows_affected() != named.len() as u64 {
        return Err(Error::corrupt("distribution_rate_configs has not a row for each rate"));
    }
    sqlx::query!(
        "WITH locked AS (
             SELECT id FROM system_accounts
             WHERE contribution_never_expires IS DISTINCT FROM (account_type = ANY($1::text[]))
             ORDER BY account_type FOR NO KEY UPDATE)
         UPDATE system_accounts s SET contribution_never_expires = s.account_type = ANY($1::text[]),
             version = s.version + 1, updated_at = $2
         FROM locked WHERE s.id = locked.id",
        &names(&plan.never_expiring) as &[&str],
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn names(accounts: &[SystemAccount]) -> Vec<&'static str> {
    accounts.iter().map(|account| account.as_str()).collect()
}

/// Adoptions that are not numbered as they stand, by what there is to do about them (a state of the backlog), of dates
/// from `from` (none: any) to before `until` (none: any).
pub async fn not_numbered(
    connection: &mut PgConnection,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT state, count(*) AS "count!" FROM sequencer_backlog
           WHERE state IN ('ready', 'waiting', 'changed')
               AND adoption_date >= coalesce($1::date, '-infinity') AND adoption_date < coalesce($2::date, 'infinity')
           GROUP BY state ORDER BY state"#,
        from,
        until
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.count)).collect())
}
