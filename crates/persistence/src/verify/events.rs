//! Identity 7: the accounts' rows, for comparison with what was published.

use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::accounts::Balances;
use crate::Result;

/// How many events wait to be published.
pub async fn waiting(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM outbox_events"#).fetch_one(connection).await?)
}

/// The epoch of the published ledger.
pub async fn epoch(connection: &mut PgConnection) -> Result<i32> {
    Ok(sqlx::query_scalar!("SELECT epoch FROM published_ledger").fetch_one(connection).await?)
}

/// What an account's newest event must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Whose.
    pub account: String,
    /// `version`.
    pub version: i64,
    /// The balances.
    pub balances: Balances,
}

struct Row {
    account_sequence: String,
    version: i64,
    personal_contribution: Decimal,
    team_level_contribution: Decimal,
    team_bonus_contribution: Decimal,
    total_contribution: Decimal,
    effective_contribution: Decimal,
}

impl From<Row> for Published {
    fn from(row: Row) -> Self {
        let balances = Balances {
            personal: row.personal_contribution,
            team_level: row.team_level_contribution,
            team_bonus: row.team_bonus_contribution,
            total: row.total_contribution,
            effective: row.effective_contribution,
        };
        Self { account: row.account_sequence, version: row.version, balances }
    }
}

/// The first `limit` accounts behind `after`, by name.
pub async fn accounts(connection: &mut PgConnection, after: &str, limit: i64) -> Result<Vec<Published>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT account_sequence, version, personal_contribution, team_level_contribution, team_bonus_contribution,
                total_contribution, effective_contribution
         FROM contribution_accounts WHERE account_sequence > $1 ORDER BY account_sequence LIMIT $2",
        after,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Published::from).collect())
}

/// The versions of `accounts` as they are now, for those that have a row.
pub async fn versions(connection: &mut PgConnection, accounts: &[String]) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        "SELECT account_sequence, version FROM contribution_accounts WHERE account_sequence = ANY($1::text[])",
        accounts
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.account_sequence, row.version)).collect())
}
