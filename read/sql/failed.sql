-- Behind look_failed_by_day.sql: its days by vendor and stage. A day on which reasons tell of less is a day with messages of no reason, and one
-- on which they tell of more is not set off against it.
,
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
