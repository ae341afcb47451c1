SELECT ((SELECT coalesce(sum(total_contribution), 0) FROM contribution_accounts)
    + (SELECT sum(contribution_balance) FROM system_accounts)
    <> (SELECT coalesce(sum(CASE kind WHEN 'DISTRIBUTE' THEN base_amount WHEN 'REVERSE' THEN -base_amount END), 0)
        FROM distribution_journal))::int::bigint
