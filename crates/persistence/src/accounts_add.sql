-- Deltas of accounts ($1 names in byte order, $2-$5 amounts, $6-$10 the newest unlock or seq 0) at $11,
-- and an event for each ($12 the same time as text, $13 the business day as text, $14 shards, $15 trace).
-- $18: a roll is under way, and each account is asked for its own day, under its lock.
-- $16 and $17 are the ids of the rows that are new and of the events: drawn here they take a sixth of the time.
WITH upserted AS (
    INSERT INTO contribution_accounts AS a (id, account_sequence, personal_contribution, team_level_contribution,
        team_bonus_contribution, total_contribution, effective_contribution, unlock_seq, has_adopted,
        direct_referral_adopted_count, unlocked_level_depth, unlocked_bonus_tiers, created_at, updated_at)
    SELECT id, account, personal, team_level, team_bonus, personal + team_level + team_bonus, effective,
        unlock_seq, adopted, directs, depth, tiers, $11, $11
    FROM UNNEST($1::text[], $2::numeric[], $3::numeric[], $4::numeric[], $5::numeric[], $6::bigint[],
        $7::bool[], $8::int[], $9::int[], $10::int[], $16::uuid[])
        AS t (account, personal, team_level, team_bonus, effective, unlock_seq, adopted, directs, depth, tiers, id)
    ORDER BY account COLLATE "C"
    ON CONFLICT (account_sequence) DO UPDATE SET
        personal_contribution = a.personal_contribution + excluded.personal_contribution,
        team_level_contribution = a.team_level_contribution + excluded.team_level_contribution,
        team_bonus_contribution = a.team_bonus_contribution + excluded.team_bonus_contribution,
        total_contribution = a.total_contribution + excluded.total_contribution,
        effective_contribution = a.effective_contribution + excluded.effective_contribution,
        unlock_seq = greatest(a.unlock_seq, excluded.unlock_seq),
        has_adopted = CASE WHEN a.unlock_seq < excluded.unlock_seq
            THEN excluded.has_adopted ELSE a.has_adopted END,
        direct_referral_adopted_count = CASE WHEN a.unlock_seq < excluded.unlock_seq
            THEN excluded.direct_referral_adopted_count ELSE a.direct_referral_adopted_count END,
        unlocked_level_depth = CASE WHEN a.unlock_seq < excluded.unlock_seq
            THEN excluded.unlocked_level_depth ELSE a.unlocked_level_depth END,
        unlocked_bonus_tiers = CASE WHEN a.unlock_seq < excluded.unlock_seq
            THEN excluded.unlocked_bonus_tiers ELSE a.unlocked_bonus_tiers END,
        version = a.version + 1,
        updated_at = excluded.updated_at
    RETURNING a.account_sequence, a.total_contribution, a.effective_contribution, a.personal_contribution,
        a.team_level_contribution, a.team_bonus_contribution, a.version
), events AS (
    SELECT upserted.*, ($17::uuid[])[row_number() OVER ()] AS event_id, (SELECT epoch FROM published_ledger) AS epoch
    FROM upserted
)
INSERT INTO outbox_events (aggregate_type, aggregate_id, event_type, event_id, epoch, version, payload, traceparent,
    shard, created_at)
SELECT 'ACCOUNT', account_sequence, 'ContributionCalculated', event_id, epoch, version,
    concat('{"eventId":"', event_id, '","eventType":"ContributionCalculated","accountSequence":',
        to_json(account_sequence::text), ',"totalContribution":"', total_contribution,
        '","effectiveContribution":"', effective_contribution, '","personalContribution":"', personal_contribution,
        '","teamLevelContribution":"', team_level_contribution, '","teamBonusContribution":"',
        team_bonus_contribution, '","calculatedAt":"', $12::text, '","effectiveOn":"',
        CASE WHEN $18::bool THEN effective_on(account_sequence)::text ELSE $13::text END,
        '","epoch":', epoch, ',"version":', version, '}'),
    $15, mod(hashtextextended(account_sequence, 0) & 1048575, $14::smallint)::smallint, $11
FROM events
