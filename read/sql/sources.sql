-- A source is as far as the dataset of an account that is furthest behind.
WITH open AS MATERIALIZED (
    SELECT account_key, dataset, date_key, state, is_loaded
    FROM etl.open_day
    WHERE state <> 'not_due'
),
settled AS (
    SELECT account_key, dataset, sum(days) AS days, sum(final)::bigint AS final, sum(empty)::bigint AS empty, max(confirmed_at) AS confirmed_at
    FROM etl.coverage_by_month
    GROUP BY account_key, dataset
),
counted AS (
    SELECT source, vendor_key, jsonb_object_agg(state, n) AS counts, sum(n)::bigint AS days
    FROM (
        SELECT a.source, a.vendor_key, x.state, sum(x.n)::bigint AS n
        FROM (
            SELECT account_key, state, 1 AS n FROM open
            UNION ALL
            SELECT account_key, 'final', final FROM settled WHERE final > 0
            UNION ALL
            SELECT account_key, 'empty', empty FROM settled WHERE empty > 0
        ) AS x
        JOIN sms.dim_account AS a USING (account_key)
        GROUP BY a.source, a.vendor_key, x.state
    ) AS y
    GROUP BY source, vendor_key
),
each AS (
    SELECT a.source,
           k.vendor_key,
           k.vendor,
           greatest(w.date_key, o.loaded_to) AS loaded_to,
           t.confirmed_at,
           o.first_open
    FROM etl.account_clock AS k
    JOIN sms.dim_account   AS a ON a.account_key = k.account_key
    JOIN etl.dataset       AS d ON d.vendor_key  = k.vendor_key
    LEFT JOIN settled      AS t ON t.account_key = k.account_key AND t.dataset = d.dataset
    LEFT JOIN LATERAL (
        SELECT c.date_key
        FROM etl.coverage AS c
        WHERE c.account_key = k.account_key
          AND c.dataset     = d.dataset
          AND c.state IN ('final', 'empty')
        ORDER BY c.date_key DESC
        LIMIT 1
    ) AS w ON true
    LEFT JOIN (
        SELECT account_key,
               dataset,
               max(date_key) FILTER (WHERE is_loaded)                                     AS loaded_to,
               min(date_key) FILTER (WHERE state IN ('missing', 'failed', 'quarantined')) AS first_open
        FROM open
        GROUP BY account_key, dataset
    ) AS o ON o.account_key = k.account_key AND o.dataset = d.dataset
    WHERE k.first_day <= k.today
       OR t.days > 0
)
SELECT e.source,
       e.vendor,
       CASE WHEN count(e.loaded_to) = count(*) THEN min(e.loaded_to) END,
       max(e.confirmed_at),
       min(e.first_open),
       coalesce(c.days, 0),
       (SELECT count(DISTINCT (account_key, date_key))
        FROM open
        JOIN sms.dim_account AS a USING (account_key)
        WHERE a.source     = e.source
          AND a.vendor_key = e.vendor_key
          AND state IN ('missing', 'failed', 'quarantined', 'lost')),
       coalesce(c.counts, '{}')
FROM each         AS e
LEFT JOIN counted AS c USING (source, vendor_key)
GROUP BY e.source, e.vendor_key, e.vendor, c.days, c.counts
ORDER BY e.source, e.vendor
