-- River removes ended jobs after a day to a week. What became of such a job is seen by its load.
WITH open AS (
    SELECT DISTINCT river_job_id
    FROM etl.run_window
    WHERE outcome IS NULL
),
ended AS (
    SELECT o.river_job_id,
           j.id IS NULL                           AS forgotten,
           j.state,
           j.errors[cardinality(j.errors)] ->> 'error' AS error,
           l.load_id
    FROM open                      AS o
    LEFT JOIN river.river_job      AS j ON j.id = o.river_job_id
    LEFT JOIN LATERAL (
        SELECT max(load_id) AS load_id
        FROM etl.load
        WHERE river_job_id = o.river_job_id
          AND loaded_at IS NOT NULL
    ) AS l ON true
    WHERE j.id IS NULL
       OR j.finalized_at IS NOT NULL
)
UPDATE etl.run_window AS w
SET ended_at = clock_timestamp(),
    load_id  = e.load_id,
    outcome  = CASE
                   WHEN e.load_id IS NOT NULL OR e.state = 'completed'                                       THEN 'done'
                   WHEN e.state = 'cancelled' AND (e.error IS NULL OR e.error LIKE '%cancelled remotely%') THEN 'cancelled'
                   ELSE 'failed'
               END,
    reason   = CASE
                   WHEN e.load_id IS NOT NULL OR e.state = 'completed' THEN NULL
                   WHEN e.forgotten                                    THEN 'the queue knows it no more'
                   ELSE coalesce(e.error, 'taken out of the queue')
               END
FROM ended AS e
WHERE w.river_job_id = e.river_job_id
  AND w.outcome IS NULL
