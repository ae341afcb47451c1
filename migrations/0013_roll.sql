-- What the roll of the business day needs (RULES section 6).

-- For which day an account's effective contribution holds. VOLATILE: each call sees what was committed before it began,
-- so whoever holds the account's row lock is told the day that is true of the row under that lock.
CREATE FUNCTION effective_on(account TEXT) RETURNS DATE LANGUAGE plpgsql VOLATILE AS $$
DECLARE d business_day%ROWTYPE;
BEGIN
    SELECT * INTO STRICT d FROM business_day;
    IF d.roll_phase = 'summing'
        OR (d.roll_phase = 'accounts' AND coalesce(account COLLATE "C" > d.roll_cursor, TRUE)) THEN
        RETURN d.current_day - 1;
    END IF;
    RETURN d.current_day;
END $$;

-- The first day that gets a snapshot: the one after the history was carried out. NULL until then.
ALTER TABLE business_day ADD COLUMN snapshots_from DATE;

CREATE INDEX idx_distribution_chunks_to_add_up ON distribution_chunks (booked_day, first_seq)
    WHERE added_up_at IS NULL AND booked_day IS NOT NULL;
CREATE INDEX idx_account_daily_contribution_day ON account_daily_contribution (day, account_sequence);

-- Chunks, added up, with lines that expire on a day and are not marked yet.
CREATE TABLE chunk_expiries (
    expire_date DATE NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (expire_date, first_seq)
);

-- Team statistics: the last day that is in them, and of each account the newest entry whose counts are.
ALTER TABLE business_day ADD COLUMN team_stats_through DATE;
CREATE TABLE team_directs (
    account_sequence VARCHAR(20) COLLATE "C" PRIMARY KEY,
    seq BIGINT NOT NULL
);
CREATE INDEX idx_distribution_chunks_booked ON distribution_chunks (booked_day, first_seq) WHERE booked_day IS NOT NULL;

CREATE INDEX idx_processed_events_at ON processed_events USING brin (processed_at);
