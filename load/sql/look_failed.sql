-- What deliveries count as failed, and how much of it reasons explain, by vendor and stage. A day on which reasons tell of less is a
-- day with messages of no reason, and one on which they tell of more is not set off against it.
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
standing AS (
    SELECT c.vendor, c.account, c.send_date, x.stage, bool_or(c.state NOT IN ('final', 'empty')) AS is_open
    FROM sms.coverage_daily AS c
    JOIN etl.dataset        AS d ON d.dataset = c.dataset
    JOIN (VALUES ('processing'), ('sending')) AS x (stage) ON d.owns_delivery OR d.stage = x.stage
    WHERE ($1 = '' OR c.vendor = $1)
      AND ($2 = '' OR c.account = $2)
      AND c.send_date BETWEEN $3 AND $4
      AND c.state <> 'not_due'
    GROUP BY c.vendor, c.account, c.send_date, x.stage
),
summed AS (
    SELECT a.vendor,
           d.stage,
           CASE WHEN count(d.counted) > 0 THEN sum(d.counted)::bigint END AS counted,
           sum(d.named)::bigint                                           AS named,
           sum(d.without)::bigint                                         AS without,
           sum(d.beyond)::bigint                                          AS beyond
    FROM day    AS d
    JOIN chosen AS a ON a.account_key = d.account_key
    GROUP BY a.vendor, d.stage
),
days AS (
    SELECT vendor, stage, count(*) AS days, count(*) FILTER (WHERE is_open) AS not_final
    FROM standing
    GROUP BY vendor, stage
)
SELECT vendor,
       stage,
       s.counted,
       coalesce(s.named, 0),
       coalesce(s.without, 0),
       coalesce(s.beyond, 0),
       coalesce(n.days, 0),
       coalesce(n.not_final, 0)
FROM days             AS n
FULL JOIN summed AS s USING (vendor, stage)
ORDER BY vendor, stage
