SELECT queue,
       state::text                                                                             AS state,
       count(*)                                                                                AS jobs,
       CASE WHEN state = 'available'
            THEN greatest(clock_timestamp() - min(scheduled_at), interval '0')
            ELSE interval '0'
       END                                                                                     AS waited
FROM river.river_job
WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled')
GROUP BY queue, state
ORDER BY queue, state
