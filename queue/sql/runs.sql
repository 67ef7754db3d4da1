-- How a run stands is counted from its windows and, where it handed none to the queue, from its loads: a command that was killed said
-- nothing at its end, and one that waited said how things stood when it left.
WITH shown AS (
    SELECT run_id, command, arguments, host, version, started_at, ended_at, outcome, detached
    FROM etl.run
    WHERE run_id = $2
       OR $2 = 0 AND run_id IN (SELECT run_id FROM etl.run ORDER BY run_id DESC LIMIT $1)
       OR $2 = 0 AND run_id IN (SELECT run_id FROM etl.run_window WHERE outcome IS NULL)
),
paused AS (
    SELECT queue FROM etl.pause
    UNION
    SELECT name FROM river.river_queue WHERE paused_at IS NOT NULL
)
SELECT r.run_id,
       r.command,
       r.arguments,
       r.host,
       r.version,
       r.started_at,
       r.ended_at,
       coalesce(r.outcome, ''),
       r.detached,
       coalesce(w.windows, 0),
       coalesce(w.done, 0),
       coalesce(w.failed, 0),
       coalesce(w.cancelled, 0),
       coalesce(w.open, 0),
       coalesce(w.running, 0),
       coalesce(w.again, 0),
       coalesce(w.paused, 0),
       coalesce(l.loads, 0),
       coalesce(l.running, 0),
       coalesce(l.failed, 0),
       coalesce(l.received, 0),
       coalesce(l.written, 0),
       coalesce(l.rejected, 0),
       coalesce(l.held, 0),
       coalesce(w.reason, l.reason, '')
FROM shown AS r
LEFT JOIN (
    SELECT w.run_id,
           count(*)                                           AS windows,
           count(*) FILTER (WHERE w.outcome = 'done')         AS done,
           count(*) FILTER (WHERE w.outcome = 'failed')       AS failed,
           count(*) FILTER (WHERE w.outcome = 'cancelled')    AS cancelled,
           count(*) FILTER (WHERE w.outcome IS NULL)          AS open,
           count(*) FILTER (WHERE w.outcome IS NULL AND j.state = 'running')                               AS running,
           count(*) FILTER (WHERE w.outcome IS NULL AND j.state <> 'running' AND cardinality(j.errors) > 0) AS again,
           count(*) FILTER (WHERE w.outcome IS NULL AND j.queue IN (SELECT queue FROM paused))             AS paused,
           (array_agg(w.reason ORDER BY w.ended_at DESC) FILTER (WHERE w.outcome = 'failed'))[1]           AS reason
    FROM etl.run_window       AS w
    LEFT JOIN river.river_job AS j ON j.id = w.river_job_id
    WHERE w.run_id IN (SELECT run_id FROM shown)
    GROUP BY w.run_id
) AS w ON w.run_id = r.run_id
LEFT JOIN (
    SELECT run_id,
           count(*)                                                    AS loads,
           count(*) FILTER (WHERE outcome = 'running')                 AS running,
           count(*) FILTER (WHERE outcome = 'failed')                  AS failed,
           sum(received)::bigint                                       AS received,
           sum(inserted + updated + removed)::bigint                   AS written,
           sum(rejected)::bigint                                       AS rejected,
           sum(held)::bigint                                           AS held,
           (array_agg(reason ORDER BY load_id DESC) FILTER (WHERE outcome = 'failed'))[1] AS reason
    FROM etl.load
    WHERE run_id IN (SELECT run_id FROM shown)
    GROUP BY run_id
) AS l ON l.run_id = r.run_id
ORDER BY r.run_id DESC
