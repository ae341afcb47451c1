-- Copies of three upstream tables, kept by cdc-ingestor.
--
-- A row belongs to its upstream primary key (original_*_id). A delete is a mark that keeps its version, so a create
-- that comes again brings nothing back; therefore account_sequence is unique among live rows only.
-- No index reads a column that the sequencer or the workers update: their updates stay heap-only.

CREATE TABLE synced_users (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    original_user_id UUID NOT NULL UNIQUE,
    phone VARCHAR(20),
    status VARCHAR(20),
    created_at TIMESTAMPTZ,
    source_sequence_num BIGINT NOT NULL,                 -- lsn; 0 for a row of a full snapshot
    synced_at TIMESTAMPTZ DEFAULT now(),
    contribution_calculated BOOLEAN DEFAULT FALSE,
    contribution_calculated_at TIMESTAMPTZ,
    source_epoch INT NOT NULL DEFAULT 0,                 -- compared before the lsn
    source_snapshot BOOLEAN NOT NULL DEFAULT FALSE,
    source_deleted_at TIMESTAMPTZ,
    displaced BOOLEAN NOT NULL DEFAULT FALSE,            -- another row with a later lsn took its account_sequence
    source_topic TEXT,
    source_partition INT,
    source_offset BIGINT
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX idx_synced_users_sequence ON synced_users (account_sequence)
    WHERE source_deleted_at IS NULL AND NOT displaced;
-- `GET /contributions/X` asks whether a name was ever seen, deleted rows included.
CREATE INDEX idx_synced_users_any_sequence ON synced_users (account_sequence);

CREATE TABLE synced_adoptions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    original_adoption_id UUID NOT NULL UNIQUE,
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    tree_count INT NOT NULL,
    adoption_date DATE NOT NULL,
    status VARCHAR(20),
    contribution_per_tree DECIMAL(20, 10),               -- NULL: priced by the formula, or unstorable (next column)
    unstorable_price TEXT,                               -- the raw text of a price that DECIMAL(20,10) cannot hold
    source_created_at TIMESTAMPTZ,
    source_sequence_num BIGINT NOT NULL,
    synced_at TIMESTAMPTZ DEFAULT now(),
    contribution_distributed BOOLEAN DEFAULT FALSE,
    contribution_distributed_at TIMESTAMPTZ,
    source_epoch INT NOT NULL DEFAULT 0,
    source_snapshot BOOLEAN NOT NULL DEFAULT FALSE,
    source_deleted_at TIMESTAMPTZ,
    source_topic TEXT,
    source_partition INT,
    source_offset BIGINT,
    changed_version BIGINT NOT NULL DEFAULT 1,           -- raised by every change from upstream
    entry_seq BIGINT,                                    -- the latest DISTRIBUTE or REVERSE of this adoption
    distribution_state TEXT NOT NULL DEFAULT 'waiting' CHECK (distribution_state IN
        ('waiting', 'ready', 'sequenced', 'distributed', 'reversed', 'ineligible', 'anomaly')),
    distribution_reason TEXT,
    warning TEXT
) WITH (fillfactor = 80);
CREATE INDEX idx_synced_adoptions_account ON synced_adoptions (account_sequence);

CREATE TABLE synced_referrals (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    referrer_account_sequence VARCHAR(20) COLLATE "C",
    ancestor_path TEXT,                                  -- '/top/…/direct referrer/', '/' for none, NULL: not known
    depth INT,                                           -- 0 for none above, NULL: not known
    source_sequence_num BIGINT NOT NULL,
    synced_at TIMESTAMPTZ DEFAULT now(),
    original_referral_id UUID NOT NULL UNIQUE,
    upline VARCHAR(20)[] COLLATE "C" NOT NULL DEFAULT '{}', -- the nearest 15, nearest first
    upline_complete BOOLEAN NOT NULL DEFAULT FALSE,      -- 15 reached, or an account without referrer
    warning TEXT,                                        -- upstream's own path or depth says otherwise
    source_ancestor_path TEXT,
    source_depth INT,
    source_created_at TIMESTAMPTZ,
    source_epoch INT NOT NULL DEFAULT 0,
    source_snapshot BOOLEAN NOT NULL DEFAULT FALSE,
    source_deleted_at TIMESTAMPTZ,
    displaced BOOLEAN NOT NULL DEFAULT FALSE,
    source_topic TEXT,
    source_partition INT,
    source_offset BIGINT
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX idx_synced_referrals_sequence ON synced_referrals (account_sequence)
    WHERE source_deleted_at IS NULL AND NOT displaced;
-- `GET /contributions/X` asks whether a name was ever seen, deleted rows included.
CREATE INDEX idx_synced_referrals_gone ON synced_referrals (account_sequence)
    WHERE source_deleted_at IS NOT NULL OR displaced;
-- Descendants are found through this one, recursively: a trigram index on the path makes loading several times
-- slower and a B-tree cannot hold a deep path.
CREATE INDEX idx_synced_referrals_referrer ON synced_referrals (referrer_account_sequence);

CREATE TABLE referral_tree_tasks (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,   -- whose descendants are still to be brought up to date
    queued_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
