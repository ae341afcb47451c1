-- Summaries kept with the ledger, the events that leave, and the business day.

CREATE TABLE contribution_accounts (                     -- no index on a balance: it would end heap-only updates
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL UNIQUE,
    personal_contribution DECIMAL(30, 10) NOT NULL DEFAULT 0,
    team_level_contribution DECIMAL(30, 10) NOT NULL DEFAULT 0,
    team_bonus_contribution DECIMAL(30, 10) NOT NULL DEFAULT 0,
    total_contribution DECIMAL(30, 10) NOT NULL DEFAULT 0,
    effective_contribution DECIMAL(30, 10) NOT NULL DEFAULT 0,
    has_adopted BOOLEAN NOT NULL DEFAULT FALSE,
    direct_referral_adopted_count INT NOT NULL DEFAULT 0,
    unlocked_level_depth INT NOT NULL DEFAULT 0,
    unlocked_bonus_tiers INT NOT NULL DEFAULT 0,
    unlock_seq BIGINT NOT NULL DEFAULT 0,                -- the newest entry that changed the four columns above
    version BIGINT NOT NULL DEFAULT 1,
    created_at TIMESTAMPTZ DEFAULT now(),
    updated_at TIMESTAMPTZ DEFAULT now()
) WITH (fillfactor = 70);

CREATE TABLE outbox_events (                             -- published in id order within a shard, then deleted
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    aggregate_type TEXT NOT NULL CHECK (aggregate_type IN ('ACCOUNT', 'SNAPSHOT')),
    aggregate_id TEXT COLLATE "C" NOT NULL,              -- the Kafka key
    event_type TEXT NOT NULL,
    event_id UUID NOT NULL,
    epoch INT NOT NULL,
    version BIGINT NOT NULL,
    payload TEXT NOT NULL,                               -- the JSON that is sent, as it is
    traceparent TEXT,
    shard SMALLINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (shard, id)
);

CREATE TABLE published_ledger (                          -- consumers keep the newest (epoch, version) of a key
    singleton BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (singleton),
    epoch INT NOT NULL DEFAULT 1
);
INSERT INTO published_ledger DEFAULT VALUES;

CREATE TABLE business_day (                              -- inserted when the schema is created, moved by the roll
    singleton BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (singleton),
    current_day DATE NOT NULL,
    time_zone TEXT NOT NULL,
    roll_phase TEXT NOT NULL DEFAULT 'idle' CHECK (roll_phase IN ('idle', 'summing', 'accounts', 'marking')),
    roll_cursor VARCHAR(20) COLLATE "C",                 -- the last account brought over
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
