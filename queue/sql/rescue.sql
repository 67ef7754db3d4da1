-- As River's own rescuer does it, without waiting for the job's timeout, and at once in place of after a pause. A job whose last
-- try was cut short gets another one. A try that has ended or was given to somebody else since it was listed is left alone.
UPDATE river.river_job AS j
SET state        = 'available',
    scheduled_at = now(),
    max_attempts = greatest(j.max_attempts, j.attempt + 1),
    errors       = array_append(j.errors, jsonb_build_object('at', now(), 'attempt', j.attempt, 'error', $3::text, 'trace', ''))
FROM unnest($1::bigint[], $2::smallint[]) AS stuck (id, attempt)
WHERE j.id = stuck.id
  AND j.attempt = stuck.attempt
  AND j.state = 'running'
RETURNING j.id
