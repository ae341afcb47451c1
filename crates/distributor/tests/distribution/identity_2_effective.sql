SELECT count(*) FROM contribution_accounts a
WHERE a.effective_contribution <> coalesce((SELECT sum(amount) FROM contribution_records r, business_day b
    WHERE r.account_sequence = a.account_sequence
        AND r.effective_date <= b.current_day AND b.current_day < r.expire_date), 0)
