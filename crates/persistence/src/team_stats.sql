-- The team statistics of the day $1, from what was booked on it; $2 is now.
-- Level n of an account: trees of live adoptions whose DISTRIBUTE names it as upline[n]. A reversal takes them off on the
-- day it is booked; one that was booked before its original lets the adoption never count.
WITH booked AS MATERIALIZED (
    SELECT j.distribution_seq AS seq, j.kind, j.tree_count, j.upline, j.reverses_seq, j.effect_accounts,
        j.effect_directs
    FROM distribution_chunks c JOIN distribution_journal j ON j.distribution_seq BETWEEN c.first_seq AND c.last_seq
    WHERE c.booked_day = $1
), counted AS (
    SELECT upline, tree_count AS trees FROM booked b WHERE kind = 'DISTRIBUTE' AND NOT EXISTS (
        SELECT FROM distribution_journal r CROSS JOIN LATERAL (
            SELECT booked_day FROM distribution_chunks WHERE first_seq <= r.distribution_seq
            ORDER BY first_seq DESC LIMIT 1) c
        WHERE r.reverses_seq = b.seq AND c.booked_day < $1)
    UNION ALL
    SELECT upline, -tree_count FROM booked b WHERE kind = 'REVERSE' AND (
        SELECT booked_day FROM distribution_chunks WHERE first_seq <= b.reverses_seq
        ORDER BY first_seq DESC LIMIT 1) <= $1
), trees AS (
    SELECT account, level, sum(trees)::int AS trees
    FROM counted CROSS JOIN UNNEST(upline) WITH ORDINALITY AS u (account, level)
    GROUP BY account, level HAVING sum(trees) <> 0
), levels AS (
    SELECT account, array_agg(level) AS level, array_agg(trees) AS trees, sum(trees)::int AS total
    FROM trees GROUP BY account
), newest AS (
    SELECT DISTINCT ON (account) account, seq, directs
    FROM booked CROSS JOIN UNNEST(effect_accounts, effect_directs) AS e (account, directs)
    ORDER BY account, seq DESC
), counts AS (
    INSERT INTO team_directs AS d (account_sequence, seq) SELECT account, seq FROM newest ORDER BY account
    ON CONFLICT (account_sequence) DO UPDATE SET seq = excluded.seq WHERE d.seq < excluded.seq
    RETURNING account_sequence AS account, seq
), changed AS (
    SELECT coalesce(l.account, n.account) AS account, l.level, l.trees, l.total, n.directs
    FROM levels l FULL JOIN (SELECT newest.* FROM newest JOIN counts USING (account, seq)) n ON n.account = l.account
), stats AS (
    SELECT c.account, c.level IS NOT NULL AS trees_changed,
        coalesce(p.level_1_trees, 0) + coalesce(c.trees[array_position(c.level, 1::bigint)], 0) AS level_1_trees,
        coalesce(p.level_2_trees, 0) + coalesce(c.trees[array_position(c.level, 2::bigint)], 0) AS level_2_trees,
        coalesce(p.level_3_trees, 0) + coalesce(c.trees[array_position(c.level, 3::bigint)], 0) AS level_3_trees,
        coalesce(p.level_4_trees, 0) + coalesce(c.trees[array_position(c.level, 4::bigint)], 0) AS level_4_trees,
        coalesce(p.level_5_trees, 0) + coalesce(c.trees[array_position(c.level, 5::bigint)], 0) AS level_5_trees,
        coalesce(p.level_6_trees, 0) + coalesce(c.trees[array_position(c.level, 6::bigint)], 0) AS level_6_trees,
        coalesce(p.level_7_trees, 0) + coalesce(c.trees[array_position(c.level, 7::bigint)], 0) AS level_7_trees,
        coalesce(p.level_8_trees, 0) + coalesce(c.trees[array_position(c.level, 8::bigint)], 0) AS level_8_trees,
        coalesce(p.level_9_trees, 0) + coalesce(c.trees[array_position(c.level, 9::bigint)], 0) AS level_9_trees,
        coalesce(p.level_10_trees, 0) + coalesce(c.trees[array_position(c.level, 10::bigint)], 0) AS level_10_trees,
        coalesce(p.level_11_trees, 0) + coalesce(c.trees[array_position(c.level, 11::bigint)], 0) AS level_11_trees,
        coalesce(p.level_12_trees, 0) + coalesce(c.trees[array_position(c.level, 12::bigint)], 0) AS level_12_trees,
        coalesce(p.level_13_trees, 0) + coalesce(c.trees[array_position(c.level, 13::bigint)], 0) AS level_13_trees,
        coalesce(p.level_14_trees, 0) + coalesce(c.trees[array_position(c.level, 14::bigint)], 0) AS level_14_trees,
        coalesce(p.level_15_trees, 0) + coalesce(c.trees[array_position(c.level, 15::bigint)], 0) AS level_15_trees,
        coalesce(p.total_team_trees, 0) + coalesce(c.total, 0) AS total_team_trees,
        coalesce(p.direct_adopted_referrals, 0) AS directs_before,
        coalesce(c.directs, p.direct_adopted_referrals, 0) AS direct_adopted_referrals
    FROM changed c LEFT JOIN LATERAL (
        SELECT * FROM user_team_stats s WHERE s.account_sequence = c.account AND s.stats_date < $1
        ORDER BY s.stats_date DESC LIMIT 1) p ON TRUE
)
INSERT INTO user_team_stats (account_sequence, stats_date, level_1_trees, level_2_trees, level_3_trees, level_4_trees, level_5_trees, level_6_trees, level_7_trees,
    level_8_trees, level_9_trees, level_10_trees, level_11_trees, level_12_trees, level_13_trees, level_14_trees,
    level_15_trees,
    total_team_trees, direct_adopted_referrals, created_at)
SELECT account, $1, level_1_trees, level_2_trees, level_3_trees, level_4_trees, level_5_trees, level_6_trees, level_7_trees,
    level_8_trees, level_9_trees, level_10_trees, level_11_trees, level_12_trees, level_13_trees, level_14_trees,
    level_15_trees,
    total_team_trees, direct_adopted_referrals, $2
FROM stats WHERE trees_changed OR direct_adopted_referrals <> directs_before
