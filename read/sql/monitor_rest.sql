SELECT (
           SELECT count(*)
           FROM etl.worker AS w
           WHERE EXISTS (
               SELECT
               FROM pg_locks AS k
               WHERE k.locktype = 'advisory'
                 AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND k.granted
                 AND (k.classid::bigint << 32 | k.objid::bigint) = hashtextextended('smsetl worker ' || w.client_id, 0)
           )
       ),
       count(*) FILTER (WHERE n.claimed_at IS NULL AND n.is_waiting),
       coalesce(clock_timestamp() - min(n.due_at) FILTER (WHERE n.claimed_at IS NULL AND n.is_waiting), interval '0'),
       count(*) FILTER (WHERE n.claimed_at < clock_timestamp() - interval '5 minutes')
FROM (
    SELECT o.due_at,
           o.claimed_at,
           o.due_at <= clock_timestamp()
           AND (   o.sent_at IS NULL AND o.resolved_at IS NULL
                OR o.sent_at IS NOT NULL AND o.resolved_at IS NOT NULL
                   -- Nobody is told that a part is over.
                   AND NOT EXISTS (
                       SELECT
                       FROM etl.notice AS other
                       WHERE other.kind = o.kind
                         AND other.subject = o.subject
                         AND other.resolved_at IS NULL
                   )) AS is_waiting
    FROM etl.notice AS o
    WHERE o.closed_at IS NULL
) AS n
