//! Identity 6: the lines of each sealed snapshot beside its header.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use crate::Result;

/// The days of which there is a header or a line.
pub async fn days(connection: &mut PgConnection) -> Result<Vec<NaiveDate>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT snapshot_date AS "day!" FROM snapshots
           UNION SELECT snapshot_date FROM daily_contribution_snapshots ORDER BY 1"#
    )
    .fetch_all(connection)
    .await?)
}

/// A snapshot's header beside the sums of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// `network_total`; none where there are lines without a header.
    pub network_total: Option<Decimal>,
    /// `account_count`.
    pub account_count: Option<i64>,
    /// How many lines there are.
    pub lines: i64,
    /// The sum of their effective contribution.
    pub sum: Decimal,
    /// The sum of their ratios.
    pub ratios: Decimal,
    /// How many lines name another network total than the header, or hold nothing.
    pub wrong_lines: i64,
}

/// The snapshot of `day`.
pub async fn of_day(connection: &mut PgConnection, day: NaiveDate) -> Result<Snapshot> {
    Ok(sqlx::query_as!(
        Snapshot,
        r#"SELECT h.network_total AS "network_total?", h.account_count AS "account_count?", l.lines AS "lines!",
               l.sum AS "sum!", l.ratios AS "ratios!", l.wrong_lines AS "wrong_lines!"
           FROM (SELECT count(*) AS lines, coalesce(sum(s.effective_contribution), 0) AS sum,
                     coalesce(sum(s.contribution_ratio), 0) AS ratios,
                     count(*) FILTER (WHERE s.effective_contribution <= 0 OR s.network_total_contribution
                         IS DISTINCT FROM (SELECT network_total FROM snapshots WHERE snapshot_date = $1)) AS wrong_lines
                 FROM daily_contribution_snapshots s WHERE s.snapshot_date = $1) AS l
           LEFT JOIN snapshots h ON h.snapshot_date = $1"#,
        day
    )
    .fetch_one(connection)
    .await?)
}
