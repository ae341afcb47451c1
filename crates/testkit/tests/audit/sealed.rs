//! Snapshots and daily amounts, made here by the server's own arithmetic, and errors planted in them.

use sqlx::PgPool;
use testkit::audit::audit;

use crate::corruptions::{Corruption, each_is_found, planted};
use crate::history::History;

const HELD: &str = "CREATE TABLE held AS
    SELECT account_sequence AS holder, effective_date, expire_date, amount FROM contribution_records
    UNION ALL SELECT 'SYS-' || account_type, effective_date, expire_date, amount
    FROM system_contribution_records r JOIN system_accounts a ON a.id = r.system_account_id";
const SEAL: &str = "WITH live AS (
        SELECT holder, sum(amount) AS amount FROM held, business_day
        WHERE effective_date <= current_day AND (expire_date IS NULL OR current_day < expire_date) GROUP BY holder),
    shares AS (SELECT *, sum(amount) OVER () AS total FROM live WHERE amount > 0),
    cut AS (SELECT *, div(amount * 1000000000000000000, total) AS units,
        mod(amount * 1000000000000000000, total) AS rest FROM shares),
    ranked AS (SELECT *, 1000000000000000000 - sum(units) OVER () AS missing,
        row_number() OVER (ORDER BY rest DESC, holder COLLATE \"C\") AS place FROM cut)
    INSERT INTO daily_contribution_snapshots (snapshot_date, account_sequence, effective_contribution,
        network_total_contribution, contribution_ratio)
    SELECT current_day, holder, amount, total, (units + (place <= missing)::int) * 0.000000000000000001
    FROM ranked, business_day";
const HEADER: &str = "INSERT INTO snapshots (snapshot_date, sealed_at, complete, network_total, account_count, watermark)
    SELECT snapshot_date, now(), TRUE, sum(effective_contribution), count(*),
        (SELECT max(distribution_seq) FROM distribution_journal) FROM daily_contribution_snapshots GROUP BY 1";
const DAILY: &str = "INSERT INTO account_daily_contribution (account_sequence, day, activated, expired)
    SELECT holder, day, sum(begun), sum(ended) FROM (
        SELECT holder, effective_date AS day, amount AS begun, 0 AS ended FROM held
        UNION ALL SELECT holder, expire_date, 0, amount FROM held WHERE expire_date IS NOT NULL) AS days
    GROUP BY 1, 2";
const MISSED: &str = "INSERT INTO missed_daily (day, reason, level_or_tier, account_sequence, amount, lines)
    SELECT booked_day, regexp_replace(reason, ':.*', ''), coalesce(substring(reason FROM '(?:level|tier) ([0-9]+)'), '0')::int,
        would_be_account_sequence, sum(amount), count(*)
    FROM unallocated_contributions u JOIN distribution_chunks ON distribution_seq BETWEEN first_seq AND last_seq
    GROUP BY 1, 2, 3, 4";

const TEAMS: &str = "WITH live AS (
        SELECT upline, tree_count FROM distribution_journal j WHERE kind = 'DISTRIBUTE'
            AND NOT EXISTS (SELECT FROM distribution_journal r WHERE r.reverses_seq = j.distribution_seq)),
    trees AS (SELECT name, level, sum(tree_count)::int AS trees
        FROM live, unnest(upline) WITH ORDINALITY AS u (name, level) GROUP BY 1, 2),
    named AS (SELECT unnest(upline) AS name FROM distribution_journal
        UNION SELECT unnest(effect_accounts) FROM distribution_journal)
    INSERT INTO user_team_stats (account_sequence, stats_date, level_1_trees, level_2_trees, level_3_trees,
        level_4_trees, level_5_trees, level_6_trees, level_7_trees, level_8_trees, level_9_trees, level_10_trees,
        level_11_trees, level_12_trees, level_13_trees, level_14_trees, level_15_trees, total_team_trees,
        direct_adopted_referrals)
    SELECT name, current_day, l[1], l[2], l[3], l[4], l[5], l[6], l[7], l[8], l[9], l[10], l[11], l[12], l[13], l[14],
        l[15], (SELECT sum(trees) FROM unnest(l) AS trees),
        coalesce((SELECT direct_adopted FROM sequencer_accounts WHERE account_sequence = name), 0)
    FROM business_day, (SELECT name, (SELECT array_agg(coalesce(t.trees, 0) ORDER BY n)
        FROM generate_series(1, 15) n LEFT JOIN trees t ON t.level = n AND t.name = named.name) AS l FROM named) AS rows";
/// A day later, by hand.
const ROLL: [&str; 5] = [
    "UPDATE business_day SET current_day = current_day + 1",
    "UPDATE contribution_accounts a SET effective_contribution = (SELECT coalesce(sum(amount), 0)
        FROM contribution_records r, business_day WHERE r.account_sequence = a.account_sequence
        AND effective_date <= current_day AND current_day < expire_date)",
    "UPDATE system_accounts a SET effective_balance = (SELECT coalesce(sum(amount), 0)
        FROM system_contribution_records r, business_day WHERE r.system_account_id = a.id
        AND effective_date <= current_day AND (expire_date IS NULL OR current_day < expire_date))",
    "UPDATE contribution_records SET is_expired = expire_date <= (SELECT current_day FROM business_day)",
    "UPDATE system_contribution_records SET is_expired
        = coalesce(expire_date <= (SELECT current_day FROM business_day), FALSE)",
];

/// A snapshot of the business day, every chunk added up, statistics of all teams; then the next day begins.
async fn seal(pool: &PgPool) -> anyhow::Result<()> {
    const ADD_UP: [&str; 2] = ["DROP TABLE held", "UPDATE distribution_chunks SET added_up_at = now()"];
    for statement in [HELD, SEAL, HEADER, DAILY, MISSED, TEAMS].into_iter().chain(ADD_UP).chain(ROLL) {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}

fn errors() -> Vec<Corruption> {
    let line = |found_as, set: &str| {
        planted(
            found_as,
            format!("UPDATE daily_contribution_snapshots SET {set} WHERE account_sequence = 'C18'"),
        )
    };
    let unit = "0.000000000000000001";
    vec![
        line("snapshots.lines", "effective_contribution = effective_contribution + 0.0000000001"),
        line("snapshots.totals", "network_total_contribution = network_total_contribution + 1"),
        line("snapshots.ratios", &format!("contribution_ratio = contribution_ratio + {unit}")),
        planted("snapshots.lines", "DELETE FROM daily_contribution_snapshots WHERE account_sequence = 'C18'"),
        planted(
            "snapshots.lines",
            "UPDATE daily_contribution_snapshots SET snapshot_date = snapshot_date - 1 WHERE account_sequence = 'C18'",
        ),
        planted("snapshots.totals", "UPDATE snapshots SET network_total = network_total + 0.0000000001"),
        planted("snapshots.totals", "UPDATE snapshots SET account_count = account_count - 1"),
        planted("snapshots.lines", "UPDATE snapshots SET watermark = watermark / 2"),
        planted("snapshots.totals", "UPDATE snapshots SET watermark = watermark + 1"),
        planted(
            "snapshots.ratios",
            format!(
                "WITH cut AS (SELECT id, mod(effective_contribution * 1000000000000000000,
                        network_total_contribution) AS rest,
                        contribution_ratio * 1000000000000000000 > div(effective_contribution * 1000000000000000000,
                        network_total_contribution) AS raised FROM daily_contribution_snapshots),
                    swapped AS ((SELECT id, -{unit} AS by FROM cut WHERE raised ORDER BY rest DESC LIMIT 1)
                        UNION ALL (SELECT id, {unit} FROM cut WHERE NOT raised ORDER BY rest LIMIT 1))
                UPDATE daily_contribution_snapshots d SET contribution_ratio = contribution_ratio + by
                FROM swapped s WHERE s.id = d.id"
            ),
        ),
        planted("daily", "UPDATE account_daily_contribution SET expired = expired + 1 WHERE account_sequence = 'C18'"),
        planted("missed", "UPDATE missed_daily SET amount = amount + 0.0000000001 WHERE reason = 'ROUNDING'"),
        planted("missed", "UPDATE missed_daily SET lines = lines - 1 WHERE account_sequence IS NULL"),
        planted(
            "missed",
            "UPDATE missed_daily SET account_sequence = 'C18', level_or_tier = 16 WHERE reason = 'NO_REFERRER'
                AND level_or_tier = 2",
        ),
        planted("missed", "UPDATE missed_daily SET day = day + 1"),
        planted("missed", "DELETE FROM missed_daily WHERE reason = 'LEVEL_LOCKED' AND level_or_tier = 9"),
        planted("missed", "INSERT INTO missed_daily VALUES ('2026-01-01', 'STOLEN', 1, 'C18', 0, 0)"),
        planted("team", "UPDATE user_team_stats SET level_3_trees = level_3_trees + 1 WHERE account_sequence = 'C10'"),
        planted("team", "DELETE FROM user_team_stats WHERE account_sequence = 'C10'"),
        planted("accounts.effective", "UPDATE contribution_accounts SET effective_contribution = 0
            WHERE account_sequence = 'C18'"),
        planted("daily", "DELETE FROM account_daily_contribution WHERE account_sequence = 'SYS-CITY'"),
    ]
}

#[tokio::test]
async fn sealed_days_are_clean_and_errors_in_them_are_found() -> anyhow::Result<()> {
    let healthy = History::settled().await?;
    seal(healthy.pool()).await?;
    let report = audit(healthy.pool()).await?;
    assert!(report.is_clean(), "a healthy database:\n{report}");
    each_is_found(&healthy, errors()).await?;
    healthy.close().await
}
