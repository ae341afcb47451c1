SELECT count(*) FROM distribution_journal j
WHERE coalesce((SELECT sum(amount) FROM system_contribution_records
        WHERE distribution_seq = j.distribution_seq AND slot = 23), 0)
    <> coalesce((SELECT sum(amount) FROM unallocated_contributions WHERE distribution_seq = j.distribution_seq), 0)
