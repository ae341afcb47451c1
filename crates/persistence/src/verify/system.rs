//! Identities 3 and 4: the four system accounts beside their lines, and the totals of all.

use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Day;
use crate::Result;

/// The row of a system account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemAccount {
    /// Its key.
    pub id: Uuid,
    /// `OPERATION`, …
    pub account_type: String,
    /// `contribution_balance`.
    pub balance: Decimal,
    /// `effective_balance`.
    pub effective: Decimal,
}

/// The rows of the system accounts.
pub async fn accounts(connection: &mut PgConnection) -> Result<Vec<SystemAccount>> {
    Ok(sqlx::query_as!(
        SystemAccount,
        r#"SELECT id, account_type, coalesce(contribution_balance, 0) AS "balance!", effective_balance AS effective
           FROM system_accounts ORDER BY account_type"#
    )
    .fetch_all(connection)
    .await?)
}

/// What the lines of some entries give one system account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemSum {
    /// Which.
    pub id: Uuid,
    /// All lines.
    pub balance: Decimal,
    /// Those that count as effective on the day that the roll's cursor gives the account.
    pub effective: Decimal,
}

/// The sums of the lines of the entries from `first` to `last`.
pub async fn sums(connection: &mut PgConnection, first: i64, last: i64, day: &Day) -> Result<Vec<SystemSum>> {
    Ok(sqlx::query_as!(
        SystemSum,
        r#"SELECT r.system_account_id AS id, sum(r.amount) AS "balance!",
               coalesce(sum(r.amount) FILTER (WHERE CASE
                   WHEN NOT $4 OR coalesce(('SYS-' || s.account_type) COLLATE "C" <= $5::text, FALSE)
                       THEN r.effective_date <= $3 AND coalesce(r.expire_date > $3, TRUE)
                   WHEN (SELECT c.booked_day < $3 FROM distribution_chunks c
                         WHERE c.first_seq <= r.distribution_seq ORDER BY c.first_seq DESC LIMIT 1)
                       THEN r.effective_date <= $6 AND coalesce(r.expire_date > $6, TRUE)
                   ELSE r.effective_date <= $3 AND coalesce(r.expire_date > $3, TRUE) END), 0) AS "effective!"
           FROM system_contribution_records r LEFT JOIN system_accounts s ON s.id = r.system_account_id
           WHERE r.id >= ledger_id_floor($1::bigint) AND r.id < ledger_id_floor($2::bigint + 1)
           GROUP BY r.system_account_id"#,
        first,
        last,
        day.current,
        day.rolling,
        day.cursor,
        day.before
    )
    .fetch_all(connection)
    .await?)
}

/// The sum of all accounts' totals and the sum of the system accounts' balances.
pub async fn totals(connection: &mut PgConnection) -> Result<(Decimal, Decimal)> {
    let row = sqlx::query!(
        r#"SELECT (SELECT coalesce(sum(total_contribution), 0) FROM contribution_accounts) AS "accounts!",
               (SELECT coalesce(sum(contribution_balance), 0) FROM system_accounts) AS "system!""#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.accounts, row.system))
}
