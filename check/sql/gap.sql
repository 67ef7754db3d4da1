-- Days from the first expected one, or the first ever asked for where nothing is expected, to the day before yesterday:
-- yesterday may still be on its way.
, span AS (
    SELECT a.account_key, a.vendor_key, a.today,
           coalesce(e.history_start, a.today - e.history_days,
                    (SELECT min(c.date_key) FROM etl.coverage AS c WHERE c.account_key = a.account_key)) AS first
    FROM account              AS a
    LEFT JOIN etl.expectation AS e USING (account_key)
),
expected AS (
    SELECT s.account_key, d.dataset, g.day::date AS date_key
    FROM span        AS s
    JOIN etl.dataset AS d ON d.vendor_key = s.vendor_key
    CROSS JOIN generate_series(greatest(s.first, $2::date), s.today - 2, interval '1 day') AS g (day)
)
SELECT e.account_key,
       e.dataset || ' missing' AS subject,
       'warning' AS severity,
       e.date_key,
       NULL::float8 AS expected,
       NULL::float8 AS found,
       'never loaded' AS detail
FROM expected AS e
LEFT JOIN etl.coverage AS c USING (account_key, dataset, date_key)
WHERE c.date_key IS NULL
UNION ALL
SELECT c.account_key,
       c.dataset || ' ' || c.state,
       CASE c.state WHEN 'failed' THEN CASE WHEN c.since < $3 - interval '1 day' THEN 'warning' ELSE 'info' END
                    ELSE CASE WHEN c.since > $3 - interval '14 days' THEN 'warning' ELSE 'info' END END,
       c.date_key,
       NULL,
       NULL,
       CASE c.state WHEN 'failed' THEN format('asked for in vain since %s, %s tries', to_char(c.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), c.attempts)
                    ELSE 'can no longer be asked for' END
FROM etl.coverage AS c
WHERE c.date_key >= $2
  AND c.account_key = ANY ($1)
  AND c.state IN ('failed', 'lost')
UNION ALL
SELECT c.account_key,
       c.dataset || ' not refreshed',
       'warning',
       c.date_key,
       NULL,
       NULL,
       format('still provisional, and %s tries in vain since it was confirmed on %s', c.attempts, to_char(c.confirmed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
FROM etl.coverage AS c
WHERE c.date_key >= $2
  AND c.account_key = ANY ($1)
  AND c.state = 'provisional'
  AND c.attempts >= 3
