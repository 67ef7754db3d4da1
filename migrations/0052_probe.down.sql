-- What was asked is no load of the kinds that there are without probes.
UPDATE etl.load
SET outcome = 'failed',
    reason  = 'a probe'
WHERE outcome = 'probed';

ALTER TABLE etl.load
    DROP CONSTRAINT load_outcome_ck,
    ADD CONSTRAINT load_outcome_ck CHECK (outcome IN ('running', 'loaded', 'unchanged', 'failed', 'superseded'));

COMMENT ON COLUMN etl.load.outcome IS 'outcome. running; loaded: something was written or held; unchanged: the warehouse already said the same; superseded: a later load had been faster on every day; failed. A killed load stays running.';

DROP TABLE etl.probe;
