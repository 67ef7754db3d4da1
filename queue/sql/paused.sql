SELECT coalesce(p.source, ''),
       coalesce(p.queue, q.name),
       coalesce(p.paused_at, q.paused_at),
       coalesce(p.who, ''),
       coalesce(p.reason, '')
FROM etl.pause                   AS p
FULL OUTER JOIN (
    SELECT name, paused_at
    FROM river.river_queue
    WHERE paused_at IS NOT NULL
) AS q ON q.name = p.queue
ORDER BY 2
