SELECT count(*) FROM distribution_journal j
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT sum(amount) FROM contribution_records WHERE distribution_seq = j.distribution_seq), 0)
        + coalesce((SELECT sum(amount) FROM system_contribution_records
            WHERE distribution_seq = j.distribution_seq AND slot < 23), 0)
        + coalesce((SELECT sum(amount) FROM unallocated_contributions WHERE distribution_seq = j.distribution_seq), 0)
        AS amount
) lines
WHERE lines.amount <> CASE j.kind WHEN 'DISTRIBUTE' THEN j.base_amount WHEN 'REVERSE' THEN -j.base_amount ELSE 0 END
