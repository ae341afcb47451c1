-- What the calendar adds up day by day, as it follows from the lines and the journal: `contribctl recalculate` compares
-- the tables with these views, and rebuilds them from here. The roll and the statistics of a day add to the tables; a
-- view says what all of it must have come to.

-- The entries that the roll has added up, as few spans one behind the other: a range of the ledger's key each.
CREATE VIEW added_up_spans AS
SELECT min(first_seq) AS first_seq, max(last_seq) AS last_seq
FROM (
    SELECT first_seq, last_seq, last_seq - sum(last_seq - first_seq + 1) OVER (ORDER BY first_seq) AS island
    FROM distribution_chunks WHERE added_up_at IS NOT NULL) AS chunk
GROUP BY island;

-- account_daily_contribution of accounts. Lines are added up by their term before its two days are.
CREATE VIEW account_daily_from_lines AS
SELECT account_sequence, day, sum(activated) AS activated, sum(expired) AS expired
FROM (
    SELECT r.account_sequence, r.effective_date, r.expire_date, sum(r.amount) AS amount
    FROM added_up_spans s
    JOIN contribution_records r ON r.id >= ledger_id_floor(s.first_seq) AND r.id < ledger_id_floor(s.last_seq + 1)
    GROUP BY 1, 2, 3) AS term
CROSS JOIN LATERAL (VALUES (effective_date, amount, 0), (expire_date, 0, amount)) AS turn (day, activated, expired)
GROUP BY account_sequence, day;

-- account_daily_contribution of system accounts: a view of its own, for it reads all their lines.
CREATE VIEW system_daily_from_lines AS
SELECT ('SYS-' || a.account_type)::varchar(20) COLLATE "C" AS account_sequence, day, sum(activated) AS activated,
    sum(expired) AS expired
FROM (
    SELECT r.system_account_id, r.effective_date, r.expire_date, sum(r.amount) AS amount
    FROM added_up_spans s
    JOIN system_contribution_records r
        ON r.id >= ledger_id_floor(s.first_seq) AND r.id < ledger_id_floor(s.last_seq + 1)
    GROUP BY 1, 2, 3) AS term
JOIN system_accounts a ON a.id = term.system_account_id
CROSS JOIN LATERAL (VALUES (effective_date, amount, 0), (expire_date, 0, amount)) AS turn (day, activated, expired)
WHERE day IS NOT NULL
GROUP BY 1, 2;

-- missed_daily, of the same chunks.
CREATE VIEW missed_daily_from_lines AS
SELECT c.booked_day AS day, split_part(u.reason, ':', 1) AS reason,
    coalesce(u.level_depth, substring(u.unalloc_type FROM 'BONUS_TIER_([0-9]+)')::int, 0)::smallint AS level_or_tier,
    u.would_be_account_sequence AS account_sequence, sum(u.amount) AS amount, count(*) AS lines
FROM distribution_chunks c
JOIN unallocated_contributions u ON u.id >= ledger_id_floor(c.first_seq) AND u.id < ledger_id_floor(c.last_seq + 1)
WHERE c.added_up_at IS NOT NULL
GROUP BY 1, 2, 3, 4;

-- user_team_stats, through the last day that is in them: a row for each day that changed a figure.
CREATE VIEW team_stats_from_journal AS
WITH booked AS (
    SELECT c.booked_day AS day, j.distribution_seq AS seq, j.kind, j.tree_count AS trees, j.upline, j.reverses_seq,
        j.effect_accounts, j.effect_directs
    FROM distribution_chunks c
    JOIN distribution_journal j ON j.distribution_seq BETWEEN c.first_seq AND c.last_seq
    WHERE c.booked_day <= (SELECT team_stats_through FROM business_day)
), counted AS (
    -- an adoption counts until its reversal is booked, and never where that was booked first
    SELECT o.day, o.upline, o.trees FROM booked o LEFT JOIN booked r ON r.reverses_seq = o.seq
    WHERE o.kind = 'DISTRIBUTE' AND (r.seq IS NULL OR r.day >= o.day)
    UNION ALL
    SELECT r.day, o.upline, -o.trees FROM booked o JOIN booked r ON r.reverses_seq = o.seq WHERE r.day >= o.day
), trees AS (
    SELECT account, day,
        sum(trees) FILTER (WHERE level = 1) AS l1, sum(trees) FILTER (WHERE level = 2) AS l2,
        sum(trees) FILTER (WHERE level = 3) AS l3, sum(trees) FILTER (WHERE level = 4) AS l4,
        sum(trees) FILTER (WHERE level = 5) AS l5, sum(trees) FILTER (WHERE level = 6) AS l6,
        sum(trees) FILTER (WHERE level = 7) AS l7, sum(trees) FILTER (WHERE level = 8) AS l8,
        sum(trees) FILTER (WHERE level = 9) AS l9, sum(trees) FILTER (WHERE level = 10) AS l10,
        sum(trees) FILTER (WHERE level = 11) AS l11, sum(trees) FILTER (WHERE level = 12) AS l12,
        sum(trees) FILTER (WHERE level = 13) AS l13, sum(trees) FILTER (WHERE level = 14) AS l14,
        sum(trees) FILTER (WHERE level = 15) AS l15
    FROM counted CROSS JOIN UNNEST(upline) WITH ORDINALITY AS u (account, level)
    GROUP BY account, day
), directs AS (
    -- the greatest of such pairs is the one of the newest entry
    SELECT account, day, max(ARRAY[seq, directs]) AS newest
    FROM booked CROSS JOIN UNNEST(effect_accounts, effect_directs) AS e (account, directs)
    GROUP BY account, day
), figures AS (
    SELECT account, day, ARRAY[
        sum(l1) OVER so_far, sum(l2) OVER so_far, sum(l3) OVER so_far, sum(l4) OVER so_far, sum(l5) OVER so_far,
        sum(l6) OVER so_far, sum(l7) OVER so_far, sum(l8) OVER so_far, sum(l9) OVER so_far, sum(l10) OVER so_far,
        sum(l11) OVER so_far, sum(l12) OVER so_far, sum(l13) OVER so_far, sum(l14) OVER so_far, sum(l15) OVER so_far,
        (max(newest) OVER so_far)[2]] AS figures
    FROM trees FULL JOIN directs USING (account, day)
    WINDOW so_far AS (PARTITION BY account ORDER BY day)
), whole AS (
    SELECT account, day, ARRAY(SELECT coalesce(f, 0)::int FROM UNNEST(figures) WITH ORDINALITY AS t (f, nth) ORDER BY nth)
        AS f
    FROM figures
), changes AS (
    SELECT account, day, f, lag(f, 1, array_fill(0, ARRAY[16])) OVER (PARTITION BY account ORDER BY day) AS before
    FROM whole
)
SELECT account AS account_sequence, day AS stats_date, f[1] AS level_1_trees, f[2] AS level_2_trees,
    f[3] AS level_3_trees, f[4] AS level_4_trees, f[5] AS level_5_trees, f[6] AS level_6_trees, f[7] AS level_7_trees,
    f[8] AS level_8_trees, f[9] AS level_9_trees, f[10] AS level_10_trees, f[11] AS level_11_trees,
    f[12] AS level_12_trees, f[13] AS level_13_trees, f[14] AS level_14_trees, f[15] AS level_15_trees,
    f[1] + f[2] + f[3] + f[4] + f[5] + f[6] + f[7] + f[8] + f[9] + f[10] + f[11] + f[12] + f[13] + f[14] + f[15]
        AS total_team_trees,
    f[16] AS direct_adopted_referrals
FROM changes WHERE f <> before;

-- team_directs, through the same day.
CREATE VIEW team_directs_from_journal AS
SELECT account AS account_sequence, max(j.distribution_seq) AS seq
FROM distribution_chunks c
JOIN distribution_journal j ON j.distribution_seq BETWEEN c.first_seq AND c.last_seq
CROSS JOIN UNNEST(j.effect_accounts) AS account
WHERE c.booked_day <= (SELECT team_stats_through FROM business_day)
GROUP BY account;
