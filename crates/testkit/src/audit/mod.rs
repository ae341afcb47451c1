//! An auditor that knows nothing of the service but `RULES.md`.
//!
//! It replays the journal with its own state of every account, works out every line with an arithmetic of its own, and
//! compares: each fact of each entry, each column of each line (but `created_at`, `expired_at`, `allocated_at`), each
//! summary. It shares no code with the service, so that both being wrong in the same way is unlikely.
//!
//! Guarantees: one REPEATABLE READ, READ ONLY transaction on one connection, so that it may look at a service at work;
//! no locks but those of reading; memory by the number of accounts, of adoptions with several entries and of rows of
//! `missed_daily`, never by the number of entries or lines, which are read in spans. A value that cannot be is a discrepancy, never a panic.

mod accounts;
mod amount;
mod books;
mod calendar;
mod chunks;
mod clock;
mod copy_text;
mod daily;
mod distribute;
mod entry;
mod holdings;
mod ledger;
mod lines;
mod missed;
mod order;
mod plans;
mod readiness;
mod referrals;
mod render;
mod replay;
mod report;
mod rows;
mod run;
mod sequencer;
mod snapshots;
mod source;
mod team;
#[cfg(test)]
mod tests;
mod users;

use chrono::NaiveDate;
pub use report::{Identity, Report};
use sqlx::PgPool;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database did not answer, or with something that its own column type does not allow.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// What was read makes no sense at all.
    #[error("cannot be audited: {0}")]
    Unreadable(String),
}

/// Settings of the service that its outcome depends on; the defaults are those of RULES.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many days after the business day an adoption may be dated.
    pub max_future_days: u64,
    /// The first day an adoption may have.
    pub first_day: NaiveDate,
    /// Statuses that do not count, in any case of letters.
    pub ineligible_statuses: Vec<String>,
    /// An account without a referral row counts as one without a referrer.
    pub missing_referral_is_root: bool,
    /// System accounts take part in snapshots.
    pub snapshots_hold_system_accounts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_future_days: 1,
            first_day: NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default(),
            ineligible_statuses: ["PENDING", "CANCELLED", "REFUNDED", "INACTIVE"].map(str::to_owned).to_vec(),
            missing_referral_is_root: false,
            snapshots_hold_system_accounts: true,
        }
    }
}

/// Audits the whole database with the default settings.
pub async fn audit(pool: &PgPool) -> Result<Report, AuditError> {
    audit_with(pool, &Options::default(), |_, _| {}).await
}

/// The same with other settings; `progress` is told how many entries of how many are done.
pub async fn audit_with(
    pool: &PgPool,
    options: &Options,
    mut progress: impl FnMut(i64, i64),
) -> Result<Report, AuditError> {
    let mut connection = pool.acquire().await?;
    let mut transaction =
        sqlx::Connection::begin_with(&mut *connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
    let report = run::run(&mut transaction, options, &mut progress).await?;
    transaction.rollback().await?;
    Ok(report)
}
