-- The line stays when the bytes go: what was asked and answered can still be named by its hash, and the same bytes, told
-- again by a vendor, come back to it.
ALTER TABLE etl.raw
    ADD COLUMN pruned_at timestamptz NULL,
    ALTER COLUMN packed DROP NOT NULL,
    ADD CONSTRAINT raw_pruned_ck CHECK ((packed IS NULL) = (pruned_at IS NOT NULL));

CREATE INDEX fetch_hash_ix ON etl.fetch (hash);

COMMENT ON COLUMN etl.raw.packed    IS 'bytes. The answer as a zstd frame. NULL when it was thrown away for its age.';
COMMENT ON COLUMN etl.raw.pruned_at IS 'time. When the bytes were thrown away for their age. NULL while they are there.';
