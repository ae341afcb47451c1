-- Ledger, accounts and what they are reckoned from as the service's first specification has them: random ids, no
-- partitions, its indexes and its foreign key.
CREATE SCHEMA seed;
CREATE TABLE seed.system_accounts (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    account_type VARCHAR(20) NOT NULL UNIQUE,
    name VARCHAR(100) NOT NULL,
    contribution_balance DECIMAL(30, 10) DEFAULT 0,
    contribution_never_expires BOOLEAN DEFAULT FALSE,
    version INT DEFAULT 1,
    created_at TIMESTAMPTZ DEFAULT now(),
    updated_at TIMESTAMPTZ DEFAULT now()
);
INSERT INTO seed.system_accounts (id, account_type, name, contribution_never_expires)
    SELECT id, account_type, name, contribution_never_expires FROM system_accounts;
CREATE TABLE seed.contribution_records (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    account_sequence VARCHAR(20) NOT NULL,
    source_type VARCHAR(30) NOT NULL,
    source_adoption_id UUID NOT NULL,
    source_account_sequence VARCHAR(20) NOT NULL,
    tree_count INT NOT NULL,
    base_contribution DECIMAL(20, 10) NOT NULL,
    distribution_rate DECIMAL(10, 6) NOT NULL,
    level_depth INT,
    bonus_tier INT,
    amount DECIMAL(30, 10) NOT NULL,
    effective_date DATE NOT NULL,
    expire_date DATE NOT NULL,
    is_expired BOOLEAN DEFAULT FALSE,
    expired_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ DEFAULT now()
);
CREATE INDEX ON seed.contribution_records (account_sequence);
CREATE INDEX ON seed.contribution_records (source_adoption_id);
CREATE INDEX ON seed.contribution_records (expire_date) WHERE is_expired = FALSE;
CREATE TABLE seed.unallocated_contributions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    source_adoption_id UUID NOT NULL,
    source_account_sequence VARCHAR(20) NOT NULL,
    unalloc_type VARCHAR(30) NOT NULL,
    would_be_account_sequence VARCHAR(20),
    level_depth INT,
    amount DECIMAL(30, 10) NOT NULL,
    reason VARCHAR(200),
    allocated_to_headquarters BOOLEAN DEFAULT FALSE,
    allocated_at TIMESTAMPTZ,
    effective_date DATE NOT NULL,
    expire_date DATE NOT NULL,
    created_at TIMESTAMPTZ DEFAULT now()
);
CREATE TABLE seed.system_contribution_records (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    system_account_id UUID NOT NULL REFERENCES seed.system_accounts (id),
    source_adoption_id UUID NOT NULL,
    source_account_sequence VARCHAR(20) NOT NULL,
    distribution_rate DECIMAL(10, 6) NOT NULL,
    amount DECIMAL(30, 10) NOT NULL,
    effective_date DATE NOT NULL,
    expire_date DATE,
    is_expired BOOLEAN DEFAULT FALSE,
    created_at TIMESTAMPTZ DEFAULT now()
);
CREATE TABLE seed.contribution_accounts (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    account_sequence VARCHAR(20) NOT NULL UNIQUE,
    personal_contribution DECIMAL(30, 10) DEFAULT 0,
    team_level_contribution DECIMAL(30, 10) DEFAULT 0,
    team_bonus_contribution DECIMAL(30, 10) DEFAULT 0,
    total_contribution DECIMAL(30, 10) DEFAULT 0,
    effective_contribution DECIMAL(30, 10) DEFAULT 0,
    has_adopted BOOLEAN DEFAULT FALSE,
    direct_referral_adopted_count INT DEFAULT 0,
    unlocked_level_depth INT DEFAULT 0,
    unlocked_bonus_tiers INT DEFAULT 0,
    version INT DEFAULT 1,
    created_at TIMESTAMPTZ DEFAULT now(),
    updated_at TIMESTAMPTZ DEFAULT now()
);
CREATE TABLE seed.synced_referrals (
    account_sequence VARCHAR(20) NOT NULL UNIQUE,
    referrer_account_sequence VARCHAR(20)
);
CREATE TABLE seed.synced_adoptions (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    original_adoption_id UUID NOT NULL UNIQUE,
    account_sequence VARCHAR(20) NOT NULL,
    tree_count INT NOT NULL,
    adoption_date DATE NOT NULL,
    status VARCHAR(20),
    contribution_per_tree DECIMAL(20, 10) NOT NULL,
    source_sequence_num BIGINT NOT NULL,
    synced_at TIMESTAMPTZ DEFAULT now(),
    contribution_distributed BOOLEAN DEFAULT FALSE,
    contribution_distributed_at TIMESTAMPTZ
);
CREATE INDEX ON seed.synced_adoptions (account_sequence);
CREATE INDEX ON seed.synced_adoptions (contribution_distributed) WHERE contribution_distributed = FALSE;
