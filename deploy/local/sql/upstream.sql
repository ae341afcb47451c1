-- The upstream databases' tables as the demo and the tests need them, in one database. Run by a superuser in database
-- `upstream` at every start: creates what is missing, drops nothing, and takes no lock when all is there.
CREATE SCHEMA IF NOT EXISTS rwa_identity;
CREATE SCHEMA IF NOT EXISTS rwa_planting;
CREATE SCHEMA IF NOT EXISTS rwa_referral;
CREATE SCHEMA IF NOT EXISTS rwa_cdc;

CREATE TABLE IF NOT EXISTS rwa_identity.users (
  id uuid PRIMARY KEY, account_sequence varchar(20) UNIQUE NOT NULL, phone varchar(20), nickname text,
  status varchar(20), created_at timestamptz, updated_at timestamptz);

CREATE TABLE IF NOT EXISTS rwa_planting.adoptions (
  id uuid PRIMARY KEY, account_sequence varchar(20) NOT NULL, tree_count int NOT NULL, adoption_date date NOT NULL,
  status varchar(20), contribution_per_tree numeric(20,10), created_at timestamptz);

CREATE TABLE IF NOT EXISTS rwa_referral.referral_relations (
  id uuid PRIMARY KEY, account_sequence varchar(20) UNIQUE NOT NULL, referrer_account_sequence varchar(20),
  ancestor_path text, depth int, created_at timestamptz);

-- the connector's beat: written by heartbeat.action.query, read back through the log
CREATE TABLE IF NOT EXISTS rwa_cdc.heartbeat (id int PRIMARY KEY, beat_at timestamptz);
INSERT INTO rwa_cdc.heartbeat (id, beat_at) VALUES (1, now()) ON CONFLICT (id) DO NOTHING;

-- The connector's role is no superuser. publication.autocreate.mode=filtered creates a publication: that takes CREATE on
-- the database and ownership of every published table (membership in the owning role is enough).
DO $$
DECLARE
  t regclass;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'upstream_owner') THEN
    CREATE ROLE upstream_owner;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'debezium') THEN
    CREATE ROLE debezium LOGIN REPLICATION PASSWORD 'debezium' IN ROLE upstream_owner;
  END IF;
  EXECUTE format('GRANT CREATE ON DATABASE %I TO debezium', current_database());
  GRANT USAGE ON SCHEMA rwa_identity, rwa_planting, rwa_referral TO upstream_owner;
  IF (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'rwa_cdc') <> 'upstream_owner' THEN
    ALTER SCHEMA rwa_cdc OWNER TO upstream_owner;
  END IF;
  FOR t IN
    SELECT c.oid FROM pg_class c
    WHERE c.oid IN ('rwa_identity.users'::regclass, 'rwa_planting.adoptions'::regclass,
                    'rwa_referral.referral_relations'::regclass, 'rwa_cdc.heartbeat'::regclass)
      AND c.relowner <> 'upstream_owner'::regrole
  LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO upstream_owner', t);
  END LOOP;
  -- uncompressed out-of-line storage: a long nickname is TOASTed for certain, which the tests rely on
  IF (SELECT attstorage FROM pg_attribute
      WHERE attrelid = 'rwa_identity.users'::regclass AND attname = 'nickname') <> 'e' THEN
    ALTER TABLE rwa_identity.users ALTER COLUMN nickname SET STORAGE EXTERNAL;
  END IF;
END $$;
