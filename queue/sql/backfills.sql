WITH shown AS (
    (SELECT run_id FROM etl.run WHERE detached AND command = 'backfill' AND ended_at IS NULL)
    UNION ALL
    (SELECT run_id FROM etl.run WHERE detached AND command = 'backfill' AND ended_at IS NOT NULL ORDER BY run_id DESC LIMIT $1)
),
paused AS (
    SELECT queue FROM etl.pause
    UNION
    SELECT name FROM river.river_queue WHERE paused_at IS NOT NULL
),
counted AS (
    SELECT w.run_id,
           count(*)::int                                                AS windows,
           (count(*) FILTER (WHERE w.outcome = 'done'))::int            AS done,
           (count(*) FILTER (WHERE w.outcome = 'failed'))::int          AS failed,
           (count(*) FILTER (WHERE w.outcome = 'cancelled'))::int       AS cancelled,
           (count(*) FILTER (WHERE w.outcome IS NULL))::int             AS open,
           coalesce(sum(w.days) FILTER (WHERE w.outcome IS NULL), 0)::int AS days,
           coalesce(sum(l.received), 0)::bigint                         AS received,
           coalesce((array_agg(w.reason ORDER BY w.ended_at DESC) FILTER (WHERE w.outcome = 'failed'))[1], '') AS reason,
           coalesce(sum(w.estimate) FILTER (WHERE w.outcome = 'done'), 0)    AS estimate_done,
           coalesce(sum(w.estimate) FILTER (WHERE w.outcome IS NULL), 0)     AS estimate_left,
           bool_or(j.state = 'running') FILTER (WHERE w.outcome IS NULL)     AS running,
           bool_and(j.queue IN (SELECT queue FROM paused)) FILTER (WHERE w.outcome IS NULL) AS paused,
           min(w.queued_at)                                             AS queued_at
    FROM etl.run_window       AS w
    LEFT JOIN etl.load        AS l ON l.load_id = w.load_id
    LEFT JOIN river.river_job AS j ON j.id = w.river_job_id
    WHERE w.run_id IN (SELECT run_id FROM shown)
    GROUP BY w.run_id
)
SELECT r.run_id,
       r.arguments,
       r.host,
       r.started_at,
       r.ended_at,
       coalesce(r.outcome,
                CASE WHEN c.paused AND NOT c.running THEN 'paused' WHEN c.running THEN 'running' ELSE 'waiting' END),
       c.windows,
       c.done,
       c.failed,
       c.cancelled,
       c.open,
       c.days,
       c.received,
       c.reason,
       -- As fast as it went so far; before the first window is done, as fast as the vendors' rates allow.
       CASE
           WHEN r.ended_at IS NOT NULL OR c.open = 0 THEN 0
           WHEN c.done > 0 AND c.estimate_done > 0 AND $2 > r.started_at
               THEN extract(epoch FROM $2 - r.started_at) * c.estimate_left / c.estimate_done
           ELSE c.estimate_left
       END::float8
FROM etl.run  AS r
JOIN counted  AS c ON c.run_id = r.run_id
ORDER BY r.ended_at IS NOT NULL, r.run_id DESC
