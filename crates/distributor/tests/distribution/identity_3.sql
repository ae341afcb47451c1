SELECT count(*) FROM system_accounts s CROSS JOIN business_day b
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS balance, coalesce(sum(amount) FILTER (WHERE effective_date <= b.current_day
        AND (expire_date IS NULL OR b.current_day < expire_date)), 0) AS effective
    FROM system_contribution_records WHERE system_account_id = s.id
) lines
WHERE (s.contribution_balance, s.effective_balance) IS DISTINCT FROM (lines.balance, lines.effective)
