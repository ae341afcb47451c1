-- The ledger. `id` is a UUIDv8 made of (distribution_seq, slot), so the key alone refuses a second line for a slot,
-- inserts go to the end, and an adoption's or a day's lines are an id range. Partitions hold 2^20 entries each.

CREATE TABLE contribution_records (
    id UUID NOT NULL PRIMARY KEY,
    account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    source_type VARCHAR(30) NOT NULL,
    source_adoption_id UUID NOT NULL,
    source_account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
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
    created_at TIMESTAMPTZ DEFAULT now(),
    distribution_seq BIGINT NOT NULL,
    slot SMALLINT NOT NULL
) PARTITION BY RANGE (id);
CREATE INDEX idx_contribution_records_account ON contribution_records (account_sequence, id);

CREATE TABLE unallocated_contributions (
    id UUID NOT NULL PRIMARY KEY,
    source_adoption_id UUID NOT NULL,
    source_account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    unalloc_type VARCHAR(30) NOT NULL,
    would_be_account_sequence VARCHAR(20) COLLATE "C",
    level_depth INT,
    amount DECIMAL(30, 10) NOT NULL,
    reason VARCHAR(200),
    allocated_to_headquarters BOOLEAN DEFAULT FALSE,
    allocated_at TIMESTAMPTZ,
    effective_date DATE NOT NULL,
    expire_date DATE NOT NULL,
    created_at TIMESTAMPTZ DEFAULT now(),
    distribution_seq BIGINT NOT NULL,
    slot SMALLINT NOT NULL
) PARTITION BY RANGE (id);

CREATE TABLE system_accounts (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    account_type VARCHAR(20) NOT NULL UNIQUE,
    name VARCHAR(100) NOT NULL,
    contribution_balance DECIMAL(30, 10) DEFAULT 0,
    effective_balance DECIMAL(30, 10) NOT NULL DEFAULT 0,
    contribution_never_expires BOOLEAN DEFAULT FALSE,
    version BIGINT DEFAULT 1,
    created_at TIMESTAMPTZ DEFAULT now(),
    updated_at TIMESTAMPTZ DEFAULT now()
) WITH (fillfactor = 10);
INSERT INTO system_accounts (id, account_type, name, contribution_never_expires) VALUES
    ('00000000-0000-8000-8000-000000000001', 'OPERATION', 'Operation', TRUE),
    ('00000000-0000-8000-8000-000000000002', 'PROVINCE', 'Province', TRUE),
    ('00000000-0000-8000-8000-000000000003', 'CITY', 'City', TRUE),
    ('00000000-0000-8000-8000-000000000004', 'HEADQUARTERS', 'Headquarters', TRUE);

CREATE TABLE system_contribution_records (               -- no foreign key: it is checked row by row in a COPY
    id UUID NOT NULL PRIMARY KEY,
    system_account_id UUID NOT NULL,
    source_adoption_id UUID NOT NULL,
    source_account_sequence VARCHAR(20) COLLATE "C" NOT NULL,
    distribution_rate DECIMAL(10, 6) NOT NULL,
    amount DECIMAL(30, 10) NOT NULL,
    effective_date DATE NOT NULL,
    expire_date DATE,
    is_expired BOOLEAN DEFAULT FALSE,
    created_at TIMESTAMPTZ DEFAULT now(),
    distribution_seq BIGINT NOT NULL,
    slot SMALLINT NOT NULL
) PARTITION BY RANGE (id);

CREATE FUNCTION ledger_id_floor(seq BIGINT) RETURNS UUID LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(seq), 12, '0') || repeat('0', 20))::uuid
$$;

-- Makes partition n (entries n * 2^20 up to, not including, (n + 1) * 2^20) of the three tables where it is missing.
CREATE FUNCTION create_ledger_partition(n BIGINT) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE parent TEXT; child TEXT;
BEGIN
    FOREACH parent IN ARRAY ARRAY['contribution_records', 'system_contribution_records', 'unallocated_contributions'] LOOP
        child := format('%s_p%s', parent, lpad(n::text, 4, '0'));
        IF to_regclass(child) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', child, parent,
                ledger_id_floor(n << 20), ledger_id_floor((n + 1) << 20));
        END IF;
    END LOOP;
END $$;
SELECT create_ledger_partition(n) FROM generate_series(0, 1) n;
