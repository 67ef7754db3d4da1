-- How many of the days that a finding is about may still change, or are not there.
SELECT f.finding_id,
       count(DISTINCT o.date_key) FILTER (WHERE o.state NOT IN ('final', 'empty'))
FROM etl.finding       AS f
LEFT JOIN etl.open_day AS o ON o.account_key = f.account_key
                          AND o.date_key BETWEEN f.day AND coalesce(f.last_day, f.day)
                          AND (f.datasets IS NULL OR o.dataset = ANY (f.datasets))
WHERE f.closed_at IS NULL
  AND f.day IS NOT NULL
  AND f.account_key IS NOT NULL
GROUP BY f.finding_id
