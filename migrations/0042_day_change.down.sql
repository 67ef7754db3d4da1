DROP TRIGGER coverage_day_change ON etl.coverage;
DROP FUNCTION etl.check_day_change();
DROP TABLE etl.day_change;

-- A line that no load made goes: its day is missing again.
DELETE FROM etl.coverage
WHERE load_id IS NULL;

ALTER TABLE etl.coverage
    DROP COLUMN was_state,
    DROP COLUMN was_reason,
    DROP CONSTRAINT coverage_by_load_ck,
    ALTER COLUMN load_id SET NOT NULL;

COMMENT ON COLUMN etl.coverage.load_id IS 'key. The load that said so, etl.load. A load with a lower number leaves the day alone.';
