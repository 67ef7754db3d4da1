SELECT (
           SELECT count(*)
           FROM etl.worker AS w
           WHERE etl.lives(w.backend, w.role, w.session)
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
