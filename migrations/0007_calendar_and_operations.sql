-- What the calendar's jobs write, and what people ask for.

CREATE TABLE account_daily_contribution (
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,   -- system accounts under SYS-…
    day DATE NOT NULL,
    activated DECIMAL(30, 10) NOT NULL DEFAULT 0,
    expired DECIMAL(30, 10) NOT NULL DEFAULT 0,
    PRIMARY KEY (account_sequence, day)
);

CREATE TABLE missed_daily (
    day DATE NOT NULL,
    reason TEXT NOT NULL,
    level_or_tier SMALLINT NOT NULL,
    account_sequence VARCHAR(20) COLLATE "C",            -- who missed it; NULL where nobody stood there
    amount DECIMAL(30, 10) NOT NULL,
    lines BIGINT NOT NULL,
    UNIQUE NULLS NOT DISTINCT (day, reason, level_or_tier, account_sequence)
);

CREATE TABLE daily_contribution_snapshots (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    snapshot_date DATE NOT NULL,
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    effective_contribution DECIMAL(30, 10) NOT NULL,
    network_total_contribution DECIMAL(30, 10) NOT NULL,
    contribution_ratio DECIMAL(30, 18) NOT NULL,
    created_at TIMESTAMPTZ DEFAULT now(),
    UNIQUE (snapshot_date, account_sequence)
);

CREATE TABLE snapshots (
    snapshot_date DATE PRIMARY KEY,
    sealed_at TIMESTAMPTZ NOT NULL,
    complete BOOLEAN NOT NULL,
    network_total DECIMAL(30, 10) NOT NULL,
    account_count BIGINT NOT NULL,
    merkle_root BYTEA,
    watermark BIGINT NOT NULL
);

CREATE TABLE user_team_stats (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    stats_date DATE NOT NULL,
    level_1_trees INT DEFAULT 0,
    level_2_trees INT DEFAULT 0,
    level_3_trees INT DEFAULT 0,
    level_4_trees INT DEFAULT 0,
    level_5_trees INT DEFAULT 0,
    level_6_trees INT DEFAULT 0,
    level_7_trees INT DEFAULT 0,
    level_8_trees INT DEFAULT 0,
    level_9_trees INT DEFAULT 0,
    level_10_trees INT DEFAULT 0,
    level_11_trees INT DEFAULT 0,
    level_12_trees INT DEFAULT 0,
    level_13_trees INT DEFAULT 0,
    level_14_trees INT DEFAULT 0,
    level_15_trees INT DEFAULT 0,
    total_team_trees INT DEFAULT 0,
    direct_adopted_referrals INT DEFAULT 0,
    created_at TIMESTAMPTZ DEFAULT now(),
    UNIQUE (account_sequence, stats_date)
);

CREATE TABLE job_runs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job TEXT NOT NULL,
    day DATE,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    rows BIGINT,
    error TEXT
);
CREATE INDEX idx_job_runs_job ON job_runs (job, id);

CREATE TABLE operator_requests (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requested_by TEXT NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    action TEXT NOT NULL,
    arguments TEXT,
    carried_out_at TIMESTAMPTZ,
    outcome TEXT
);

CREATE TABLE audit_log (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    details TEXT
);
