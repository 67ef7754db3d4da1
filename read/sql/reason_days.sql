WITH known AS MATERIALIZED (
    SELECT c.vendor, c.account, c.send_date, c.state, d.owns_delivery, d.stage
    FROM sms.coverage_daily AS c
    JOIN etl.dataset        AS d ON d.dataset = c.dataset
    WHERE ($1 = '' OR c.vendor = $1)
      AND ($2 = '' OR c.account = $2)
      AND c.send_date BETWEEN $3 AND $4
),
failed AS (
    SELECT vendor, account, send_date, stage, reason, sum(messages)::bigint AS messages
    FROM sms.reason_daily
    WHERE ($1 = '' OR vendor = $1)
      AND ($2 = '' OR account = $2)
      AND send_date BETWEEN $3 AND $4
      AND reason = $5
      AND ($6 = '' OR stage = $6)
    GROUP BY vendor, account, send_date, stage, reason
)
SELECT f.vendor,
       f.account,
       f.send_date,
       f.stage,
       coalesce(s.state, o.state, 'missing'),
       f.messages,
       f.reason
FROM failed     AS f
LEFT JOIN known AS o ON o.vendor = f.vendor AND o.account = f.account AND o.send_date = f.send_date AND o.owns_delivery
LEFT JOIN known AS s ON s.vendor = f.vendor AND s.account = f.account AND s.send_date = f.send_date AND s.stage = f.stage
ORDER BY f.send_date DESC, f.vendor, f.account, f.stage
