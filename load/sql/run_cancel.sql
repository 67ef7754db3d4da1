WITH ended AS (
    UPDATE etl.run_window
    SET outcome  = 'cancelled',
        reason   = $2,
        ended_at = clock_timestamp()
    WHERE run_id = $1
      AND outcome IS NULL
    RETURNING river_job_id
)
SELECT e.river_job_id
FROM ended AS e
JOIN river.river_job AS j ON j.id = e.river_job_id
WHERE j.finalized_at IS NULL
  AND NOT EXISTS (
      SELECT
      FROM etl.run_window AS w
      JOIN etl.run        AS r ON r.run_id = w.run_id
      WHERE w.river_job_id = e.river_job_id
        AND w.run_id <> $1
        AND w.outcome IS NULL
        AND r.ended_at IS NULL
  )
ORDER BY e.river_job_id
