-- One statement, and so one transaction: the vendor gets its answer when both lines are on the disk. The line of bytes that are there
-- already is locked all the same, so that nobody throws them away before this push points at them.
WITH kept AS (
    INSERT INTO etl.raw AS r (hash, packed, size)
    VALUES ($2, $3, $4)
    ON CONFLICT (hash) DO UPDATE
    SET packed    = excluded.packed,
        pruned_at = NULL
    WHERE r.packed IS NULL
)
INSERT INTO etl.huawei_push (source, hash, received_at, is_signed, reports)
VALUES ($1, $2, $5, $6, $7)
ON CONFLICT (source, hash) DO NOTHING
RETURNING push_id
