-- Brings the accounts behind $2 up to $3 over to the day $1, at $4 ($5 the same time as text), and queues their events
-- ($6 shards, $7 trace): ContributionExpired with version v where something expired, ContributionCalculated with the next, for
-- compaction keeps the last.
WITH due AS MATERIALIZED (
    SELECT account_sequence, activated, expired FROM account_daily_contribution
    WHERE day = $1 AND account_sequence > coalesce($2, '') AND account_sequence <= $3
        AND NOT starts_with(account_sequence, 'SYS-') AND (activated <> 0 OR expired <> 0)
), brought AS (
    -- the rows are there: whoever has a line has one. Inserting locks them in order and reads them under the lock
    INSERT INTO contribution_accounts AS a (account_sequence, effective_contribution, version, updated_at)
    SELECT account_sequence, activated - expired, CASE WHEN expired <> 0 THEN 2 ELSE 1 END, $4 FROM due
    ORDER BY account_sequence
    ON CONFLICT (account_sequence) DO UPDATE SET
        effective_contribution = a.effective_contribution + excluded.effective_contribution,
        version = a.version + excluded.version,
        updated_at = excluded.updated_at
    RETURNING a.account_sequence, a.total_contribution, a.effective_contribution, a.personal_contribution,
        a.team_level_contribution, a.team_bonus_contribution, a.version
), events AS (
    SELECT brought.account_sequence, 'ContributionExpired' AS event_type, gen_random_uuid() AS event_id, epoch,
        version - 1 AS version, concat('"expiredAmount":"', due.expired, '","effectiveContribution":"',
            effective_contribution, '","businessDay":"', $1::date) AS fields
    FROM brought JOIN due USING (account_sequence) CROSS JOIN published_ledger
    WHERE due.expired <> 0
    UNION ALL
    SELECT account_sequence, 'ContributionCalculated', gen_random_uuid(), epoch, version,
        concat('"totalContribution":"', total_contribution, '","effectiveContribution":"', effective_contribution,
            '","personalContribution":"', personal_contribution, '","teamLevelContribution":"',
            team_level_contribution, '","teamBonusContribution":"', team_bonus_contribution, '","calculatedAt":"',
            $5::text, '","effectiveOn":"', $1::date)
    FROM brought CROSS JOIN published_ledger
)
INSERT INTO outbox_events (aggregate_type, aggregate_id, event_type, event_id, epoch, version, payload, traceparent,
    shard, created_at)
SELECT 'ACCOUNT', account_sequence, event_type, event_id, epoch, version,
    concat('{"eventId":"', event_id, '","eventType":"', event_type, '","accountSequence":',
        to_json(account_sequence::text), ',', fields, '","epoch":', epoch, ',"version":', version, '}'),
    $7, mod(hashtextextended(account_sequence, 0) & 1048575, $6::smallint)::smallint, $4
FROM events ORDER BY account_sequence, version
