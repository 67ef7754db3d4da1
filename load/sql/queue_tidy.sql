WITH forgotten AS (
    DELETE FROM river.river_job
    WHERE id IN (
        SELECT id
        FROM river.river_job
        WHERE finalized_at < now() - interval '7 days'
        ORDER BY id
        LIMIT 1000
        FOR UPDATE SKIP LOCKED
    )
)
UPDATE river.river_job
SET state = 'available'
WHERE id IN (
    SELECT id
    FROM river.river_job
    WHERE state IN ('retryable', 'scheduled')
      AND scheduled_at <= now()
    ORDER BY id
    FOR UPDATE SKIP LOCKED
)
