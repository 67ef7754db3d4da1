-- A source is as far as the dataset of an account that is furthest behind.
WITH open AS MATERIALIZED (
    SELECT account_key, dataset, date_key, state, confirmed_at
    FROM etl.open_day
    WHERE state <> 'not_due'
),
settled AS (
    SELECT account_key, dataset, sum(days) AS days, sum(final)::bigint AS final, sum(empty)::bigint AS empty, max(confirmed_at) AS confirmed_at
    FROM etl.coverage_by_month
    GROUP BY account_key, dataset
),
counted AS (
    SELECT account_key,
           dataset,
           state,
           sum(n)::bigint AS n
    FROM (
        SELECT account_key, dataset, state, 1 AS n FROM open
        UNION ALL
        SELECT account_key, dataset, 'final', final FROM settled WHERE final > 0
        UNION ALL
        SELECT account_key, dataset, 'empty', empty FROM settled WHERE empty > 0
    ) AS x
    GROUP BY account_key, dataset, state
),
each AS (
    SELECT k.account_key,
           d.dataset,
           greatest(w.date_key, o.loaded_to) AS loaded_to,
           t.confirmed_at,
           o.first_open
    FROM etl.account_clock AS k
    JOIN etl.dataset       AS d ON d.vendor_key = k.vendor_key
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
               max(date_key) FILTER (WHERE state IN ('provisional', 'final', 'empty')
                                        OR state IN ('frozen', 'quarantined') AND confirmed_at IS NOT NULL) AS loaded_to,
               min(date_key) FILTER (WHERE state IN ('missing', 'failed', 'quarantined'))                   AS first_open
        FROM open
        GROUP BY account_key, dataset
    ) AS o ON o.account_key = k.account_key AND o.dataset = d.dataset
    WHERE k.first_day <= k.today
       OR t.days > 0
),
account AS (
    SELECT account_key,
           CASE WHEN count(loaded_to) = count(*) THEN min(loaded_to) END AS loaded_to,
           max(confirmed_at)                                             AS confirmed_at,
           min(first_open)                                               AS first_open
    FROM each
    GROUP BY account_key
),
source AS (
    SELECT a.source,
           v.vendor,
           CASE WHEN count(e.loaded_to) = count(*) THEN min(e.loaded_to) END AS loaded_to,
           max(e.confirmed_at)                                               AS confirmed_at,
           min(e.first_open)                                                 AS first_open,
           array_agg(a.account_key)                                          AS accounts
    FROM account         AS e
    JOIN sms.dim_account AS a ON a.account_key = e.account_key
    JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
    GROUP BY a.source, v.vendor
)
SELECT s.source,
       s.vendor,
       s.loaded_to,
       s.confirmed_at,
       s.first_open,
       c.days,
       o.open_days,
       coalesce(c.counts, '{}')
FROM source AS s
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(x.state, x.n) AS counts, coalesce(sum(x.n), 0)::bigint AS days
    FROM (SELECT state, sum(n)::bigint AS n FROM counted WHERE account_key = ANY (s.accounts) GROUP BY state) AS x
) AS c
CROSS JOIN LATERAL (
    SELECT count(DISTINCT (account_key, date_key)) AS open_days
    FROM open
    WHERE account_key = ANY (s.accounts)
      AND state IN ('missing', 'failed', 'quarantined', 'lost')
) AS o
ORDER BY s.source, s.vendor
