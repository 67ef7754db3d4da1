-- Loads are counted for the runs that are shown, and for no others.
WITH shown AS (
    SELECT run_id, command, arguments, host, version, started_at, ended_at, outcome, detached
    FROM etl.run
    ORDER BY run_id DESC
    LIMIT $1
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
       coalesce(w.open, 0),
       coalesce(l.loads, 0),
       coalesce(l.failed, 0),
       coalesce(l.received, 0),
       coalesce(l.written, 0)
FROM shown AS r
LEFT JOIN (
    SELECT run_id,
           count(*)                                    AS windows,
           count(*) FILTER (WHERE outcome IS NULL)     AS open
    FROM etl.run_window
    WHERE run_id IN (SELECT run_id FROM shown)
    GROUP BY run_id
) AS w ON w.run_id = r.run_id
LEFT JOIN (
    SELECT run_id,
           count(*)                                    AS loads,
           count(*) FILTER (WHERE outcome = 'failed')  AS failed,
           sum(received)::bigint                       AS received,
           sum(inserted + updated + removed)::bigint   AS written
    FROM etl.load
    WHERE run_id IN (SELECT run_id FROM shown)
    GROUP BY run_id
) AS l ON l.run_id = r.run_id
ORDER BY r.run_id DESC
