ALTER TABLE etl.coverage
    DROP COLUMN surveyed_at;
