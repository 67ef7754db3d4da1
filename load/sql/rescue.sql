-- As River's own rescuer does it, without waiting for the job's timeout. The try that was cut short does not count.
WITH rescued AS (
    UPDATE river.river_job
    SET state        = 'available',
        scheduled_at = now(),
        max_attempts = greatest(max_attempts, attempt + 1),
        errors       = array_append(errors, jsonb_build_object(
                           'at',      now(),
                           'attempt', attempt,
                           'error',   'the worker died',
                           'trace',   '')),
        metadata     = metadata || jsonb_build_object('river:rescue_count',
                           CASE WHEN jsonb_typeof(metadata -> 'river:rescue_count') = 'number'
                                THEN (metadata ->> 'river:rescue_count')::int
                                ELSE 0
                           END + 1)
    WHERE state = 'running'
      AND coalesce(attempted_by[array_length(attempted_by, 1)], '') = $1
    RETURNING id
),
ended AS (
    UPDATE etl.load
    SET outcome    = 'failed',
        reason     = 'the worker died',
        called_off = true
    WHERE outcome = 'running'
      AND river_job_id IN (SELECT id FROM rescued)
)
SELECT id
FROM rescued
