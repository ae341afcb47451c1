-- The journal, and the sequencer's own state as of the journal. Only the sequencer writes here, but for its queue.

CREATE TABLE sequencer_queue (                           -- what changed upstream, written by the ingestor
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind SMALLINT NOT NULL CHECK (kind IN (0, 1)),       -- 0: an account's referral, 1: an adoption
    account_sequence VARCHAR(20) COLLATE "C",
    original_adoption_id UUID,
    queued_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE sequencer_backlog (                         -- every adoption judged that is not distributed as it stands
    original_adoption_id UUID PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('changed', 'ready', 'waiting', 'anomaly', 'ineligible')),
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    adoption_date DATE NOT NULL,
    source_created_at TIMESTAMPTZ NOT NULL DEFAULT 'infinity', -- unknown comes last
    waiting_for VARCHAR(20) COLLATE "C",                 -- the account whose referral row or move is missing
    in_cycle BOOLEAN NOT NULL DEFAULT FALSE,
    reason TEXT,
    since TIMESTAMPTZ NOT NULL                           -- when this state and reason began
);
CREATE INDEX idx_sequencer_backlog_ready ON sequencer_backlog (adoption_date, source_created_at, original_adoption_id)
    WHERE state = 'ready';
CREATE INDEX idx_sequencer_backlog_changed ON sequencer_backlog (original_adoption_id) WHERE state = 'changed';
CREATE INDEX idx_sequencer_backlog_waiting_for ON sequencer_backlog (waiting_for) WHERE waiting_for IS NOT NULL;
CREATE INDEX idx_sequencer_backlog_shown ON sequencer_backlog (state, original_adoption_id) WHERE state <> 'ready';

CREATE TABLE sequencer_moves (                           -- accounts whose referrer upstream may differ from the journal's
    account_sequence VARCHAR(20) COLLATE "C" PRIMARY KEY,
    since TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE sequencer_accounts (
    account_sequence VARCHAR(20) COLLATE "C" PRIMARY KEY,
    referrer_known BOOLEAN NOT NULL,
    referrer VARCHAR(20) COLLATE "C",                    -- NULL with referrer_known: known to be none
    live_adoptions INT NOT NULL CHECK (live_adoptions >= 0),
    direct_adopted INT NOT NULL CHECK (direct_adopted >= 0),
    last_seq BIGINT NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE sequencer_state (
    singleton BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (singleton),
    last_seq BIGINT NOT NULL DEFAULT 0,
    network_trees BIGINT NOT NULL DEFAULT 0,
    gross_base DECIMAL(30, 10) NOT NULL DEFAULT 0,
    leader_term BIGINT NOT NULL DEFAULT 0,
    bootstrap_open BOOLEAN NOT NULL DEFAULT FALSE,       -- the gate: once open it stays open
    bootstrap_opened_at TIMESTAMPTZ,
    bootstrap_opened_by TEXT,
    judged_through TIMESTAMPTZ                           -- every change read before it has been judged
) WITH (fillfactor = 50);
INSERT INTO sequencer_state DEFAULT VALUES;

CREATE TABLE distribution_journal (                      -- insert-only, one row an entry
    distribution_seq BIGINT PRIMARY KEY CHECK (distribution_seq > 0),
    kind TEXT NOT NULL CHECK (kind IN ('DISTRIBUTE', 'REVERSE', 'REFERRAL_MOVE')),
    original_adoption_id UUID,
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    tree_count INT,
    contribution_per_tree DECIMAL(20, 10),
    source_price DECIMAL(20, 10),
    base_amount DECIMAL(30, 10),
    adoption_date DATE,
    effective_date DATE,
    expire_date DATE,
    plan_version INT,
    network_trees_before BIGINT,
    upline VARCHAR(20)[] COLLATE "C",
    upline_depths SMALLINT[],
    upline_directs INT[],
    referrer_tiers SMALLINT,
    reverses_seq BIGINT UNIQUE,
    referrer_before VARCHAR(20) COLLATE "C",
    referrer_after VARCHAR(20) COLLATE "C",
    effect_accounts VARCHAR(20)[] COLLATE "C" NOT NULL,
    effect_live INT[] NOT NULL,
    effect_directs INT[] NOT NULL,
    source_topic TEXT,
    source_partition INT,
    source_offset BIGINT,
    source_lsn BIGINT,
    traceparent TEXT,
    numbered_day DATE NOT NULL,
    sequenced_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idx_distribution_journal_adoption ON distribution_journal (original_adoption_id, distribution_seq)
    WHERE original_adoption_id IS NOT NULL;

CREATE TABLE distribution_chunks (                       -- what the workers claim
    first_seq BIGINT PRIMARY KEY,
    last_seq BIGINT NOT NULL CHECK (last_seq >= first_seq),
    booked_day DATE,
    distributed_at TIMESTAMPTZ,
    added_up_at TIMESTAMPTZ
);
CREATE INDEX idx_distribution_chunks_open ON distribution_chunks (first_seq) WHERE distributed_at IS NULL;

-- A plan that an entry used is a fact: neither changed nor removed.
CREATE FUNCTION refuse_change_of_used_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM distribution_journal WHERE plan_version = OLD.version) THEN
        RAISE EXCEPTION 'plan % was used by an entry and never changes', OLD.version USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER plans_immutable_once_used BEFORE UPDATE OR DELETE ON plans
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_used_plan();
CREATE INDEX idx_distribution_journal_plan ON distribution_journal (plan_version) WHERE plan_version > 1;
