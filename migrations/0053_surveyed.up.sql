ALTER TABLE etl.coverage
    ADD COLUMN surveyed_at timestamptz NULL;

COMMENT ON COLUMN etl.coverage.surveyed_at IS 'time. When a sum over several days last agreed with what is stored, so that the day was not asked for by itself. NULL when none ever did.';
