-- Plans hold rates, pricing, the unlock table and the term. A version that an entry used never changes.

CREATE TABLE plans (
    version INT PRIMARY KEY CHECK (version > 0),
    applies_from DATE,                                   -- NULL: from the beginning of time
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    personal DECIMAL(10, 6) NOT NULL,
    operation DECIMAL(10, 6) NOT NULL,
    province DECIMAL(10, 6) NOT NULL,
    city DECIMAL(10, 6) NOT NULL,
    level_per DECIMAL(10, 6) NOT NULL,
    bonus_per DECIMAL(10, 6) NOT NULL,
    base_contribution DECIMAL(20, 10) NOT NULL,
    increment_percentage DECIMAL(10, 6) NOT NULL,
    unit_size INT NOT NULL,
    start_tree_number INT NOT NULL,
    unlock_level_directs INT[] NOT NULL,                 -- from this many adopted direct referrals …
    unlock_level_depths INT[] NOT NULL,                  -- … this level depth is unlocked
    unlock_tier_directs INT[] NOT NULL,                  -- each reached adds a tier to the one for having adopted
    term_years INT NOT NULL,
    never_expiring TEXT[] NOT NULL,
    CONSTRAINT rates_sum_to_one CHECK
        (personal + operation + province + city + 15 * level_per + 3 * bonus_per = 1),
    CONSTRAINT rates_not_negative CHECK (least(personal, operation, province, city, level_per, bonus_per) >= 0)
);
INSERT INTO plans VALUES (1, NULL, now(), 0.70, 0.12, 0.01, 0.02, 0.005, 0.025, 22617, 0.003, 100, 1000,
    '{1,3,5}', '{5,10,15}', '{2,4}', 2, '{OPERATION,PROVINCE,CITY,HEADQUARTERS}');

-- The seed's two tables show the plan in force; plans decide.
CREATE TABLE contribution_configs (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    base_contribution DECIMAL(20, 10) DEFAULT 22617,
    increment_percentage DECIMAL(10, 6) DEFAULT 0.003,
    unit_size INT DEFAULT 100,
    start_tree_number INT DEFAULT 1000,
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMPTZ DEFAULT now()
);
INSERT INTO contribution_configs DEFAULT VALUES;

CREATE TABLE distribution_rate_configs (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    rate_type VARCHAR(30) NOT NULL UNIQUE,
    rate_value DECIMAL(10, 6) NOT NULL,
    description VARCHAR(100),
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMPTZ DEFAULT now()
);
INSERT INTO distribution_rate_configs (rate_type, rate_value, description) VALUES
    ('PERSONAL', 0.70, 'the adopter'),
    ('OPERATION', 0.12, 'operation account'),
    ('PROVINCE', 0.01, 'province account'),
    ('CITY', 0.02, 'city account'),
    ('LEVEL_PER', 0.005, 'each of levels 1 to 15'),
    ('BONUS_PER', 0.025, 'each of bonus tiers 1 to 3');
