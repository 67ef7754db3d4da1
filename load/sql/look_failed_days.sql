-- The days of look_failed.sql with messages of which no reason is reported.
WITH chosen AS (
    SELECT a.account_key, a.account, v.vendor
    FROM sms.dim_account AS a
    JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
    WHERE ($1 = '' OR v.vendor = $1)
      AND ($2 = '' OR a.account = $2)
),
counted AS (
    SELECT s.account_key, s.date_key, x.stage, x.failed
    FROM sms.delivery_by_day AS s
    JOIN chosen              AS a ON a.account_key = s.account_key
    CROSS JOIN LATERAL (VALUES ('processing', s.processing_failed), ('sending', s.send_failed)) AS x (stage, failed)
    WHERE s.date_key BETWEEN $3 AND $4
      AND s.row_count > 0
),
named AS (
    SELECT s.account_key, s.date_key, r.stage, sum(s.messages) AS failed
    FROM sms.failure_by_day     AS s
    JOIN chosen                 AS a ON a.account_key = s.account_key
    JOIN sms.dim_failure_reason AS r ON r.reason_key = s.reason_key
    WHERE s.date_key BETWEEN $3 AND $4
    GROUP BY s.account_key, s.date_key, r.stage
),
day AS (
    SELECT account_key,
           date_key,
           stage,
           c.failed                                                                                      AS counted,
           coalesce(n.failed, 0)                                                                         AS named,
           CASE WHEN c.failed > coalesce(n.failed, 0) THEN c.failed - coalesce(n.failed, 0) ELSE 0 END    AS without,
           greatest(coalesce(n.failed, 0) - coalesce(c.failed, 0), 0)                                    AS beyond
    FROM counted    AS c
    FULL JOIN named AS n USING (account_key, date_key, stage)
),
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
       d.date_key - DATE '1970-01-01',
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
