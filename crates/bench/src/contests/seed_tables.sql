-- The ledger as the service's first specification has it: random ids, no partitions, its indexes and its foreign key.
CREATE SCHEMA seed;
CREATE TABLE seed.system_accounts (id UUID PRIMARY KEY);
INSERT INTO seed.system_accounts SELECT id FROM system_accounts;
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
