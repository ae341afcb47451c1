WITH effects AS (
    SELECT j.distribution_seq, e.* FROM distribution_journal j,
        UNNEST(j.effect_accounts, j.effect_live, j.effect_directs) AS e (account_sequence, live, directs)
), newest AS (
    SELECT DISTINCT ON (account_sequence) * FROM effects ORDER BY account_sequence, distribution_seq DESC
)
SELECT count(*) FROM newest n LEFT JOIN contribution_accounts a USING (account_sequence)
LEFT JOIN sequencer_accounts s USING (account_sequence)
WHERE (a.unlock_seq, a.has_adopted, a.direct_referral_adopted_count, s.live_adoptions, s.direct_adopted)
    IS DISTINCT FROM (n.distribution_seq, n.live > 0, n.directs, n.live, n.directs)
