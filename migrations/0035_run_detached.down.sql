COMMENT ON COLUMN etl.run.outcome IS 'outcome. In the command''s words: ok, partial, failed. NULL while it runs.';

ALTER TABLE etl.run DROP COLUMN detached;
