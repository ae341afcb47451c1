-- When the sequencer last looked at its whole backlog again: a leader that takes over need not begin with that.
ALTER TABLE sequencer_state
    ADD COLUMN backlog_checked_at TIMESTAMPTZ,
    ADD COLUMN backlog_checked_day DATE,                 -- the business day then
    ADD COLUMN backlog_checked_by TEXT;                  -- the rules of readiness then, as the settings had them
