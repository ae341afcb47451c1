-- Whether a request was carried out or refused, and a way to the open ones past any number of those answered.
ALTER TABLE operator_requests ADD COLUMN succeeded BOOLEAN;
CREATE INDEX idx_operator_requests_open ON operator_requests (id) WHERE carried_out_at IS NULL;
