-- What an earlier load of the same datasets found, and this one ($2) did not, no longer holds on the days of its window
-- ($5, $6). A finding that reaches beyond them goes on there. One that another load is writing just now is left to it.
WITH gone AS (
    SELECT f.finding_id,
           f.day IS NULL OR f.day >= $5 AND f.last_day <= $6 AS is_whole
    FROM etl.finding AS f
    JOIN etl.load    AS l ON l.load_id = f.load_id
    WHERE f.account_key = $1
      AND f.closed_at IS NULL
      AND f.source = 'load'
      AND f.load_id < $2
      AND l.datasets = $4
      AND (f.day IS NULL OR f.day BETWEEN $5 AND $6 OR f.last_day BETWEEN $5 AND $6)
    ORDER BY f.check_name, f.subject
    FOR NO KEY UPDATE OF f SKIP LOCKED
)
UPDATE etl.finding AS f
SET closed_at = CASE WHEN g.is_whole THEN $3::timestamptz END,
    day       = CASE WHEN NOT g.is_whole AND f.day      >= $5 THEN $6::date + 1 ELSE f.day      END,
    last_day  = CASE WHEN NOT g.is_whole AND f.last_day <= $6 THEN $5::date - 1 ELSE f.last_day END
FROM gone AS g
WHERE f.finding_id = g.finding_id
