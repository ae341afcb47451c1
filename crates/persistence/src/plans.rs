//! Plans: the versions that decide rates, prices, unlocking and terms (RULES section 3, Plans).
//!
//! Reads whole versions and refuses one that does not check. No transaction of its own, no lock, one round trip.

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
