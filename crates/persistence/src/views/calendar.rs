//! When an account's contribution takes effect and expires: on any day, past or to come.
//!
//! One index range of `account_daily_contribution`, which the roll adds up, plus the account's lines booked since: those
//! of chunks that are not added up yet. Lines count from `effective_date` up to, not including, `expire_date`.

use chrono::NaiveDate;
use domain::{AccountSequence, Amount};
use serde::Serialize;
use sqlx::PgConnection;

use super::sum;
use crate::Result;

/// A day on which something takes effect or expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// The day.
    pub day: NaiveDate,
    /// What takes effect on it.
    pub activated: Amount,
    /// What ceases to count on it.
    pub expired: Amount,
}

/// The effective contribution of `account` on `date`, by everything carried out until now.
pub async fn effective_on(
    connection: &mut PgConnection,
    account: &AccountSequence,
    date: NaiveDate,
) -> Result<Amount> {
    let effective = sqlx::query_scalar!(
        "WITH since AS (
             SELECT min(first_seq) AS seq FROM distribution_chunks
             WHERE added_up_at IS NULL AND booked_day IS NOT NULL
         ), line AS (
             SELECT r.amount FROM since JOIN contribution_records r
                 ON r.account_sequence = $1 AND r.id >= ledger_id_floor(since.seq)
             WHERE r.effective_date <= $2 AND r.expire_date > $2 AND (
                 SELECT c.added_up_at IS NULL FROM distribution_chunks c
                 WHERE c.first_seq <= r.distribution_seq ORDER BY c.first_seq DESC LIMIT 1)
         )
         SELECT coalesce((SELECT sum(activated - expired) FROM account_daily_contribution
                          WHERE account_sequence = $1 AND day <= $2), 0)
             + coalesce((SELECT sum(amount) FROM line), 0)",
        account.as_str(),
        date
    )
    .fetch_one(connection)
    .await?;
    sum(effective)
}

/// The days from `from` to `to`, both included, on which something turns, in their order.
pub async fn turns(
    connection: &mut PgConnection,
    account: &AccountSequence,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Vec<Turn>> {
    let rows = sqlx::query!(
        r#"WITH since AS (
               SELECT min(first_seq) AS seq FROM distribution_chunks
               WHERE added_up_at IS NULL AND booked_day IS NOT NULL
           ), line AS (
               SELECT r.effective_date, r.expire_date, r.amount FROM since JOIN contribution_records r
                   ON r.account_sequence = $1 AND r.id >= ledger_id_floor(since.seq)
               WHERE (
                   SELECT c.added_up_at IS NULL FROM distribution_chunks c
                   WHERE c.first_seq <= r.distribution_seq ORDER BY c.first_seq DESC LIMIT 1)
           ), turn AS (
               SELECT day, activated, expired FROM account_daily_contribution WHERE account_sequence = $1
               UNION ALL SELECT effective_date, amount, 0 FROM line
               UNION ALL SELECT expire_date, 0, amount FROM line
           )
           SELECT day AS "day!", sum(activated) AS activated, sum(expired) AS expired
           FROM turn WHERE day BETWEEN $2 AND $3
           GROUP BY day HAVING sum(activated) <> 0 OR sum(expired) <> 0 ORDER BY day"#,
        account.as_str(),
        from,
        to
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| Ok(Turn { day: row.day, activated: sum(row.activated)?, expired: sum(row.expired)? }))
        .collect()
}
