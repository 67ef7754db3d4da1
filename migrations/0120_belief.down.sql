DROP TABLE etl.account_profile;

DELETE FROM etl.coverage
WHERE state = 'unverified'
  AND loaded_at IS NULL;

UPDATE etl.coverage
SET state = 'empty'
WHERE state = 'unverified';

UPDATE etl.coverage
SET state = was_state
WHERE was_state = 'unverified';

DELETE FROM etl.day_change
WHERE 'unverified' IN (state_from, state_to);

ALTER TABLE etl.coverage RENAME COLUMN checked_at TO surveyed_at;

ALTER TABLE etl.coverage
    DROP COLUMN changed_at,
    DROP COLUMN evidence,
    DROP CONSTRAINT coverage_state_ck,
    DROP CONSTRAINT coverage_was_state_ck,
    ADD CONSTRAINT coverage_state_ck     CHECK (state IN ('provisional', 'final', 'empty', 'failed', 'quarantined', 'lost', 'frozen')),
    ADD CONSTRAINT coverage_was_state_ck CHECK (was_state IN ('missing', 'provisional', 'final', 'empty', 'failed', 'quarantined', 'lost'));

COMMENT ON COLUMN etl.coverage.state       IS 'state. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: can no longer be asked for. frozen: an operator said leave it.';
COMMENT ON COLUMN etl.coverage.reason      IS 'text. Why, for failed and quarantined days, and for a loaded day whose last try failed; empty otherwise.';
COMMENT ON COLUMN etl.coverage.surveyed_at IS 'time. When a sum over several days last agreed with what is stored, so that the day was not asked for by itself. NULL when none ever did.';
COMMENT ON COLUMN sms.coverage_daily.state IS 'state. not_due: not over yet. missing: expected and never asked for. provisional: loaded and may still change. final: loaded and settled. empty: settled, and the vendor had nothing. failed: asked for in vain. quarantined: an answer was not believed, what was stored before stays. lost: the vendor keeps it no longer. frozen: an operator said leave it.';
