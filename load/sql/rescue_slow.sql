-- The try that is taken away does not count: nobody knows whether it was the job's fault.
UPDATE river.river_job
SET state        = 'available',
    scheduled_at = now(),
    max_attempts = greatest(max_attempts, attempt + 1),
    errors       = array_append(errors, jsonb_build_object(
                       'at',      now(),
                       'attempt', attempt,
                       'error',   'the worker hangs',
                       'trace',   ''))
WHERE state = 'running'
  AND kind = $1
  AND attempted_at < now() - make_interval(secs => $2)
