-- Accounts whose rows of user_team_stats and team_directs are not what the journal gives. A row is compared as the text
-- of its figures: level 1 to 15, total, direct referrals.
WITH stats AS (
    SELECT account_sequence AS account, stats_date, s.figures AS found, r.figures AS expected
    FROM (SELECT account_sequence, stats_date, concat_ws(' ', coalesce(level_1_trees, -1), coalesce(level_2_trees, -1),
              coalesce(level_3_trees, -1), coalesce(level_4_trees, -1), coalesce(level_5_trees, -1),
              coalesce(level_6_trees, -1), coalesce(level_7_trees, -1), coalesce(level_8_trees, -1),
              coalesce(level_9_trees, -1), coalesce(level_10_trees, -1), coalesce(level_11_trees, -1),
              coalesce(level_12_trees, -1), coalesce(level_13_trees, -1), coalesce(level_14_trees, -1),
              coalesce(level_15_trees, -1), '=', coalesce(total_team_trees, -1), ', directs',
              coalesce(direct_adopted_referrals, -1)) AS figures
          FROM user_team_stats) s
    FULL JOIN (SELECT account_sequence, stats_date, concat_ws(' ', level_1_trees, level_2_trees, level_3_trees,
              level_4_trees, level_5_trees, level_6_trees, level_7_trees, level_8_trees, level_9_trees, level_10_trees,
              level_11_trees, level_12_trees, level_13_trees, level_14_trees, level_15_trees, '=', total_team_trees,
              ', directs', direct_adopted_referrals) AS figures
          FROM team_stats_from_journal) r USING (account_sequence, stats_date)
    WHERE s.figures IS DISTINCT FROM r.figures
), directs AS (
    SELECT account_sequence AS account, d.seq AS found, r.seq AS expected
    FROM team_directs d FULL JOIN team_directs_from_journal r USING (account_sequence)
    WHERE d.seq IS DISTINCT FROM r.seq
)
SELECT account AS "of!", count(*) AS "rows!", min(example) AS "example!"
FROM (
    SELECT account, format('%s on %s: %s and should be %s', account, stats_date, coalesce(found, 'no row'),
        coalesce(expected, 'none')) AS example
    FROM stats
    UNION ALL
    SELECT account, format('%s: direct referrals counted through entry %s and should be %s', account,
        coalesce(found::text, 'none'), coalesce(expected::text, 'none'))
    FROM directs
) AS unlike
GROUP BY account ORDER BY account
