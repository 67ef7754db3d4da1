ALTER TABLE etl.finding
    DROP COLUMN trend,
    DROP COLUMN size,
    DROP COLUMN past,
    DROP COLUMN changed_at,
    DROP COLUMN opened_at,
    DROP COLUMN times_seen,
    DROP COLUMN times_opened;

COMMENT ON COLUMN etl.finding.closed_at IS 'time. When somebody called it settled. NULL while it is open; seeing it again opens it.';
