-- What a roll adds up of a day may come in several parts, each a row: whoever reads adds them. An upsert cost three times
-- as much as the rows themselves, and a day rarely has more than one part.
ALTER TABLE missed_daily DROP CONSTRAINT missed_daily_day_reason_level_or_tier_account_sequence_key;
CREATE INDEX idx_missed_daily_day ON missed_daily USING brin (day) WITH (autosummarize = on);
CREATE INDEX idx_missed_daily_account ON missed_daily (account_sequence, day) WHERE account_sequence IS NOT NULL;
