SELECT l.account_key,
       array_to_string(l.datasets, '+') AS subject,
       'info' AS severity,
       (l.started_at AT TIME ZONE 'UTC')::date AS date_key,
       0::float8        AS expected,
       count(*)::float8 AS found,
       format('%s loads of the day failed', count(*)) AS detail
FROM etl.load AS l
WHERE l.account_key = ANY ($1)
  AND l.started_at > greatest($2::timestamptz, $3 - interval '7 days')
  AND l.outcome = 'failed'
  AND NOT l.called_off
GROUP BY l.account_key, l.datasets, (l.started_at AT TIME ZONE 'UTC')::date
