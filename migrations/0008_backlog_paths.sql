-- An adoption that waits for an account, or stands in a circle, is looked at again when the referral of any account that
-- its walk passed changes: the walk may take another way then. `in_cycle` is no longer written.
ALTER TABLE sequencer_backlog ADD COLUMN passed VARCHAR(20)[] COLLATE "C" NOT NULL DEFAULT '{}';
CREATE INDEX idx_sequencer_backlog_passed ON sequencer_backlog USING gin (passed) WHERE passed <> '{}';
