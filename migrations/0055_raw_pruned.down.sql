-- Bytes that are gone cannot come back: their lines become empty answers, which no hash fits.
DROP INDEX etl.fetch_hash_ix;
UPDATE etl.raw SET packed = '' WHERE packed IS NULL;
ALTER TABLE etl.raw
    DROP CONSTRAINT raw_pruned_ck,
    ALTER COLUMN packed SET NOT NULL,
    DROP COLUMN pruned_at;
COMMENT ON COLUMN etl.raw.packed IS 'bytes. The answer as a zstd frame.';
