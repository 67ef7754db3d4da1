ALTER TABLE etl.run ADD COLUMN detached boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN etl.run.detached IS 'yes or no. Whether the command only handed windows to the queue. Such a run ends when its last window does, whoever works it.';
COMMENT ON COLUMN etl.run.outcome  IS 'outcome. ok; partial: some windows were given up; failed; interrupted; cancelled. NULL while it runs.';
