-- What an earlier load of the same datasets found, and this one ($2) did not, no longer holds on the days of its window
-- ($5, $6). On other days it goes on. A finding that another load is writing just now is left to that one.
WITH gone AS (
    SELECT f.finding_id,
           NULLIF(f.seen_on - datemultirange(daterange($5, $6, '[]')), '{}') AS seen_on
    FROM etl.finding AS f
    WHERE f.account_key = $1
      AND f.closed_at IS NULL
      AND f.source = 'load'
      AND f.load_id <> $2
      AND f.datasets = $4
      AND (f.seen_on IS NULL OR f.seen_on && daterange($5, $6, '[]'))
    ORDER BY f.check_name, f.subject
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE etl.finding AS f
SET closed_at = CASE WHEN g.seen_on IS NULL THEN $3::timestamptz END,
    seen_on   = coalesce(g.seen_on, f.seen_on),
    day       = coalesce(lower(g.seen_on), f.day),
    last_day  = coalesce(upper(g.seen_on) - 1, f.last_day)
FROM gone AS g
WHERE f.finding_id = g.finding_id
