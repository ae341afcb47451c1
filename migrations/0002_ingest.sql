-- Where the ingestor stands, what it could not understand, and how far each source has been read.

CREATE TABLE cdc_offsets (
    topic TEXT NOT NULL,
    partition INT NOT NULL,
    next_offset BIGINT NOT NULL,                         -- moved by compare-and-set in the transaction of the rows
    source_ts TIMESTAMPTZ,                               -- source time of the last message read
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

CREATE TABLE cdc_sync_progress (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    source_topic VARCHAR(100) NOT NULL UNIQUE,
    last_sequence_num BIGINT DEFAULT 0,                  -- the greatest lsn read
    last_synced_at TIMESTAMPTZ,
    updated_at TIMESTAMPTZ DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE processed_events (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    event_id VARCHAR(100) NOT NULL UNIQUE,               -- topic/partition/last offset of a batch
    event_type VARCHAR(50) NOT NULL,
    source_service VARCHAR(50),
    processed_at TIMESTAMPTZ DEFAULT now()
);

CREATE TABLE cdc_watermarks (
    source TEXT PRIMARY KEY,
    source_epoch INT NOT NULL DEFAULT 0,
    watermark TIMESTAMPTZ,                               -- everything committed upstream before it has been read
    watermark_by TEXT,                                   -- 'heartbeat' or 'rows'
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE cdc_bootstrap (
    topic TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'reading' CHECK (state IN ('reading', 'ending', 'complete')),
    ended_by TEXT,                                       -- 'marker', 'streamed row' or 'operator'
    end_offsets BIGINT[],                                -- by partition; read past these, the snapshot is complete
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE cdc_dead_letters (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic TEXT NOT NULL,
    partition INT NOT NULL,
    "offset" BIGINT NOT NULL,
    key TEXT,
    value TEXT,                                          -- whole up to a bound, then its head; phone numbers redacted
    value_sha256 TEXT,
    headers TEXT,
    error_code TEXT NOT NULL,
    error TEXT NOT NULL,
    source_table TEXT,
    original_id UUID,                                    -- upstream primary key where it is known
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    resolved_at TIMESTAMPTZ,
    resolution TEXT
);
CREATE INDEX idx_cdc_dead_letters_open ON cdc_dead_letters (error_code, created_at) WHERE resolved_at IS NULL;
CREATE INDEX idx_cdc_dead_letters_original ON cdc_dead_letters (original_id) WHERE resolved_at IS NULL;
