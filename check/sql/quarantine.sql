SELECT c.account_key,
       c.dataset AS subject,
       CASE WHEN c.since < $3 - interval '1 day' THEN 'warning' ELSE 'info' END AS severity,
       c.date_key,
       c.messages::float8 AS expected,
       NULL::float8       AS found,
       format('not believed since %s, after %s tries: %s', to_char(c.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), c.attempts, split_part(c.reason, ';', 1)) AS detail
FROM etl.coverage AS c
WHERE c.date_key >= $2
  AND c.account_key = ANY ($1)
  AND c.state = 'quarantined'
