SELECT count(*) FROM synced_adoptions a LEFT JOIN distribution_journal j ON j.distribution_seq = a.entry_seq
WHERE a.contribution_distributed <> coalesce(j.kind = 'DISTRIBUTE', FALSE)
    OR a.entry_seq IS DISTINCT FROM (SELECT max(distribution_seq) FROM distribution_journal
        WHERE original_adoption_id = a.original_adoption_id)
