-- One line for each vendor and month, also for months of which nothing is known: a chart has to show them as gaps.
WITH month AS (
    SELECT m::date AS month_start
    FROM generate_series($1::date, $2::date, interval '1 month') AS m
),
vendor AS (
    SELECT DISTINCT v.vendor
    FROM sms.dim_account AS a
    JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
),
told AS (
    SELECT date_trunc('month', x.date_key)::date AS month_start,
           x.vendor,
           sum(x.loaded)::bigint    AS loaded,
           sum(x.not_final)::bigint AS not_final,
           sum(x.days)::bigint      AS days
    FROM (
        SELECT m.month_start AS date_key, v.vendor, m.dataset, m.final + m.empty AS loaded, 0 AS not_final, m.final + m.empty AS days
        FROM etl.coverage_by_month AS m
        JOIN sms.dim_account       AS a ON a.account_key = m.account_key
        JOIN sms.dim_vendor        AS v ON v.vendor_key  = a.vendor_key
        UNION ALL
        SELECT o.date_key,
               o.vendor,
               o.dataset,
               o.is_loaded::integer,
               (o.state NOT IN ('final', 'empty'))::integer,
               1
        FROM etl.open_day AS o
        WHERE o.state <> 'not_due'
    ) AS x
    JOIN etl.dataset AS d ON d.dataset = x.dataset AND d.owns_delivery
    WHERE x.date_key >= $1::date
      AND x.date_key <  $2::date + interval '1 month'
    GROUP BY 1, 2
),
sent AS (
    SELECT date_trunc('month', s.date_key)::date AS month_start,
           v.vendor,
           CASE WHEN count(s.requested)         = count(*) THEN sum(s.requested)::bigint         END AS requested,
           CASE WHEN count(s.delivered)         = count(*) THEN sum(s.delivered)::bigint         END AS delivered,
           CASE WHEN count(s.processing_failed) = count(*) THEN sum(s.processing_failed)::bigint END AS processing_failed,
           CASE WHEN count(s.send_failed)       = count(*) THEN sum(s.send_failed)::bigint       END AS send_failed
    FROM sms.delivery_by_day AS s
    JOIN sms.dim_account     AS a ON a.account_key = s.account_key
    JOIN sms.dim_vendor      AS v ON v.vendor_key  = a.vendor_key
    WHERE s.date_key >= $1::date
      AND s.date_key <  $2::date + interval '1 month'
    GROUP BY 1, 2
)
SELECT m.month_start,
       v.vendor,
       coalesce(t.loaded, 0),
       coalesce(t.days, 0),
       coalesce(t.not_final, 0),
       s.requested,
       s.delivered,
       s.processing_failed,
       s.send_failed
FROM month       AS m
CROSS JOIN vendor AS v
LEFT JOIN told   AS t ON t.month_start = m.month_start AND t.vendor = v.vendor
LEFT JOIN sent   AS s ON s.month_start = m.month_start AND s.vendor = v.vendor
ORDER BY v.vendor, m.month_start
