-- As River's scheduler does it, which only a leader runs. JobRetry would do, but it revives a job that is cancelled meanwhile.
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
