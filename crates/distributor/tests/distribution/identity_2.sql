WITH lines AS (
    SELECT account_sequence,
        coalesce(sum(amount) FILTER (WHERE source_type = 'PERSONAL'), 0) AS personal,
        coalesce(sum(amount) FILTER (WHERE source_type = 'TEAM_LEVEL'), 0) AS team_level,
        coalesce(sum(amount) FILTER (WHERE source_type = 'TEAM_BONUS'), 0) AS team_bonus,
        sum(amount) AS total
    FROM contribution_records GROUP BY account_sequence
)
SELECT count(*) FROM contribution_accounts a FULL JOIN lines l USING (account_sequence)
WHERE (coalesce(a.personal_contribution, 0), coalesce(a.team_level_contribution, 0),
       coalesce(a.team_bonus_contribution, 0), coalesce(a.total_contribution, 0))
    <> (coalesce(l.personal, 0), coalesce(l.team_level, 0), coalesce(l.team_bonus, 0), coalesce(l.total, 0))
