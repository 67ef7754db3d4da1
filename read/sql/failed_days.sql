-- Behind look_failed_by_day.sql: its days with messages of which no reason is reported.
,
known AS MATERIALIZED (
    SELECT c.vendor, c.account, c.send_date, c.state, d.owns_delivery, d.stage
    FROM sms.coverage_daily AS c
    JOIN etl.dataset        AS d ON d.dataset = c.dataset
    WHERE ($1 = '' OR c.vendor = $1)
      AND ($2 = '' OR c.account = $2)
      AND c.send_date BETWEEN $3 AND $4
)
SELECT a.vendor,
       a.account,
       d.date_key,
       d.stage,
       coalesce(s.state, o.state, 'missing'),
       d.without::bigint,
       $5
FROM day         AS d
JOIN chosen      AS a ON a.account_key = d.account_key
LEFT JOIN known  AS o ON o.vendor = a.vendor AND o.account = a.account AND o.send_date = d.date_key AND o.owns_delivery
LEFT JOIN known  AS s ON s.vendor = a.vendor AND s.account = a.account AND s.send_date = d.date_key AND s.stage = d.stage
WHERE d.without > 0
  AND ($6 = '' OR d.stage = $6)
ORDER BY d.date_key DESC, a.vendor, a.account, d.stage
