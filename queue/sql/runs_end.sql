UPDATE etl.run AS r
SET ended_at = greatest($1, r.started_at),
    outcome  = CASE
                   WHEN w.cancelled > 0 THEN 'cancelled'
                   WHEN w.failed > 0    THEN 'partial'
                   ELSE 'ok'
               END
FROM (
    SELECT run_id,
           count(*) FILTER (WHERE outcome IS NULL)       AS open,
           count(*) FILTER (WHERE outcome = 'failed')    AS failed,
           count(*) FILTER (WHERE outcome = 'cancelled') AS cancelled
    FROM etl.run_window
    WHERE run_id IN (SELECT run_id FROM etl.run WHERE detached AND ended_at IS NULL)
    GROUP BY run_id
) AS w
WHERE r.run_id = w.run_id
  AND r.ended_at IS NULL
  AND w.open = 0
RETURNING r.run_id
