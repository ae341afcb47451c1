//! Identities 2, 3 and 6 of RULES section 8 at one moment, by the server's own arithmetic: quick enough to be looked at
//! again and again while the service works. Whatever it finds wrong stood so at a commit.
//!
//! One REPEATABLE READ, READ ONLY transaction; no locks.

use sqlx::PgPool;

/// The day that each account's effective is of, by the cursor of the roll; the sums of its lines; what its row shows.
const ACCOUNTS: &str = "WITH line AS (
        SELECT account_sequence AS account, source_type AS kind, amount, effective_date, expire_date,
            (SELECT booked_day FROM distribution_chunks WHERE first_seq <= r.distribution_seq
             ORDER BY first_seq DESC LIMIT 1) AS booked
        FROM contribution_records r
    ), counted AS (
        SELECT line.*, CASE WHEN booked < current_day AND (roll_phase = 'summing' OR roll_phase = 'accounts'
                AND (roll_cursor IS NULL OR account > roll_cursor)) THEN current_day - 1 ELSE current_day END AS day
        FROM line CROSS JOIN business_day
    ), sums AS (
        SELECT account, coalesce(sum(amount) FILTER (WHERE kind = 'PERSONAL'), 0) AS personal,
            coalesce(sum(amount) FILTER (WHERE kind = 'TEAM_LEVEL'), 0) AS team_level,
            coalesce(sum(amount) FILTER (WHERE kind = 'TEAM_BONUS'), 0) AS team_bonus, sum(amount) AS total,
            coalesce(sum(amount) FILTER (WHERE effective_date <= day AND day < expire_date), 0) AS effective
        FROM counted GROUP BY account
    )
    SELECT format('2: %s shows %s, its lines give %s', coalesce(a.account_sequence, s.account),
        concat_ws(' ', personal_contribution, team_level_contribution, team_bonus_contribution, total_contribution,
            effective_contribution), concat_ws(' ', personal, team_level, team_bonus, total, effective))
    FROM contribution_accounts a FULL JOIN sums s ON s.account = a.account_sequence
    WHERE (coalesce(personal_contribution, 0), coalesce(team_level_contribution, 0),
            coalesce(team_bonus_contribution, 0), coalesce(total_contribution, 0), coalesce(effective_contribution, 0))
        <> (coalesce(personal, 0), coalesce(team_level, 0), coalesce(team_bonus, 0), coalesce(total, 0),
            coalesce(effective, 0))";
const SYSTEM: &str = r#"WITH line AS (
        SELECT 'SYS-' || s.account_type AS account, amount, effective_date, expire_date,
            (SELECT booked_day FROM distribution_chunks WHERE first_seq <= r.distribution_seq
             ORDER BY first_seq DESC LIMIT 1) AS booked
        FROM system_contribution_records r JOIN system_accounts s ON s.id = r.system_account_id
    ), counted AS (
        SELECT line.*, CASE WHEN booked < current_day AND (roll_phase = 'summing' OR roll_phase = 'accounts'
                AND (roll_cursor IS NULL OR account COLLATE "C" > roll_cursor)) THEN current_day - 1
            ELSE current_day END AS day
        FROM line CROSS JOIN business_day
    ), sums AS (
        SELECT account, sum(amount) AS balance,
            coalesce(sum(amount) FILTER (WHERE effective_date <= day AND (expire_date IS NULL OR day < expire_date)), 0)
                AS effective
        FROM counted GROUP BY account
    )
    SELECT format('3: %s shows %s %s, its lines give %s %s', account_type, contribution_balance, effective_balance,
        balance, effective)
    FROM system_accounts a LEFT JOIN sums s ON s.account = 'SYS-' || a.account_type
    WHERE (contribution_balance, effective_balance) IS DISTINCT FROM (coalesce(balance, 0), coalesce(effective, 0))"#;
const SNAPSHOTS: &str = "SELECT format('6: the snapshot of %s says %s of %s accounts, its lines %s of %s, ratios %s',
        snapshot_date, network_total, account_count, total, lines, ratios)
    FROM snapshots FULL JOIN (
        SELECT snapshot_date, sum(effective_contribution) AS total, count(*) AS lines, sum(contribution_ratio) AS ratios,
            bool_and(network_total_contribution = total) AS agree
        FROM (SELECT *, sum(effective_contribution) OVER (PARTITION BY snapshot_date) AS total
              FROM daily_contribution_snapshots) AS line
        GROUP BY snapshot_date) AS line USING (snapshot_date)
    WHERE network_total IS NULL OR network_total <> coalesce(total, 0) OR account_count <> coalesce(lines, 0)
        OR coalesce(ratios, 1) <> 1 OR NOT coalesce(agree, TRUE)";

/// What was seen at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The phase that the roll was in.
    pub phase: String,
    /// What did not hold.
    pub faults: Vec<String>,
}

/// Looks once.
pub async fn look(pool: &PgPool) -> anyhow::Result<Seen> {
    let mut moment = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let phase = sqlx::query_scalar("SELECT roll_phase FROM business_day").fetch_one(&mut *moment).await?;
    let mut faults = Vec::new();
    for identity in [ACCOUNTS, SYSTEM, SNAPSHOTS] {
        faults.extend(sqlx::query_scalar::<_, String>(identity).fetch_all(&mut *moment).await?);
    }
    moment.rollback().await?;
    Ok(Seen { phase, faults })
}
