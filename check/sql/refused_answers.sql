-- Answers that were kept as evidence only, whether or not the next try was better.
SELECT l.account_key,
       f.dataset AS subject,
       'info'    AS severity,
       (l.started_at AT TIME ZONE 'UTC')::date AS date_key,
       0::float8        AS expected,
       count(*)::float8 AS found,
       format('%s answers of the day were refused', count(*)) AS detail
FROM etl.load  AS l
JOIN etl.fetch AS f ON f.load_id = l.load_id AND f.purpose = 'load' AND f.refused <> ''
WHERE l.account_key = ANY ($1)
  AND l.started_at > greatest($2::timestamptz, $3 - interval '7 days')
GROUP BY l.account_key, f.dataset, (l.started_at AT TIME ZONE 'UTC')::date
