-- Windows of which a try has failed and that are not given up. Loads are read once for all of them.
WITH again AS (
    SELECT id, state, attempt, max_attempts, scheduled_at, args, errors, queue
    FROM river.river_job
    WHERE kind = 'window'
      AND finalized_at IS NULL
      AND cardinality(errors) > 0
    ORDER BY scheduled_at, id
    LIMIT $1
),
met AS (
    SELECT river_job_id,
           count(*)                                     AS tries,
           max(started_at)                              AS last_at,
           (array_agg(reason ORDER BY load_id DESC))[1] AS reason
    FROM etl.load
    WHERE river_job_id IN (SELECT id FROM again)
      AND outcome = 'failed'
      AND NOT called_off
    GROUP BY river_job_id
)
SELECT a.id,
       (SELECT max(w.run_id) FROM etl.run_window AS w WHERE w.river_job_id = a.id AND w.outcome IS NULL),
       coalesce(a.args ->> 'source', ''),
       coalesce(a.args ->> 'vendor', ''),
       coalesce(a.args ->> 'account', ''),
       coalesce((SELECT string_agg(d.name, ' + ' ORDER BY d.n)
                 FROM jsonb_array_elements_text(CASE jsonb_typeof(a.args -> 'datasets') WHEN 'array' THEN a.args -> 'datasets' ELSE '[]' END)
                      WITH ORDINALITY AS d (name, n)), ''),
       coalesce((a.args ->> 'from') || '/' || (a.args ->> 'to'), ''),
       a.state::text,
       coalesce(m.tries, cardinality(a.errors)),
       a.max_attempts::bigint,
       coalesce(m.reason, a.errors[cardinality(a.errors)] ->> 'error', ''),
       coalesce(m.last_at, (a.errors[cardinality(a.errors)] ->> 'at')::timestamptz),
       CASE WHEN a.state <> 'running' THEN a.scheduled_at END,
       EXISTS (SELECT FROM etl.pause AS p WHERE p.queue = a.queue)
           OR EXISTS (SELECT FROM river.river_queue AS q WHERE q.name = a.queue AND q.paused_at IS NOT NULL)
FROM again    AS a
LEFT JOIN met AS m ON m.river_job_id = a.id
ORDER BY a.scheduled_at, a.id
