-- A source is as far as the dataset of an account that is furthest behind.
WITH day AS MATERIALIZED (
    SELECT a.source, c.vendor, c.account, c.dataset, c.send_date, c.state, c.confirmed_at
    FROM sms.coverage_daily AS c
    JOIN sms.dim_vendor     AS v ON v.vendor = c.vendor
    JOIN sms.dim_account    AS a ON a.vendor_key = v.vendor_key AND a.account = c.account
),
each AS (
    SELECT c.source,
           c.vendor,
           c.account,
           c.dataset,
           max(c.send_date) FILTER (WHERE c.state IN ('provisional', 'final', 'empty')
                                       OR c.state IN ('frozen', 'quarantined') AND c.confirmed_at IS NOT NULL) AS loaded_to,
           max(c.confirmed_at)                                                                AS confirmed_at,
           min(c.send_date) FILTER (WHERE c.state IN ('missing', 'failed', 'quarantined'))    AS first_open,
           count(*) FILTER (WHERE c.state = 'missing')     AS missing,
           count(*) FILTER (WHERE c.state = 'failed')      AS failed,
           count(*) FILTER (WHERE c.state = 'quarantined') AS quarantined,
           count(*) FILTER (WHERE c.state = 'lost')        AS lost,
           count(*) FILTER (WHERE c.state = 'provisional') AS provisional,
           count(*) FILTER (WHERE c.state <> 'not_due')    AS days
    FROM day AS c
    GROUP BY c.source, c.vendor, c.account, c.dataset
),
counted AS (
    SELECT source, vendor, jsonb_object_agg(state, n) AS counts
    FROM (
        SELECT source, vendor, state, count(*) AS n
        FROM day
        WHERE state <> 'not_due'
        GROUP BY source, vendor, state
    ) AS x
    GROUP BY source, vendor
),
open AS (
    SELECT source, count(DISTINCT (account, send_date)) AS open_days
    FROM day
    WHERE state IN ('missing', 'failed', 'quarantined', 'lost')
    GROUP BY source
)
SELECT source,
       vendor,
       CASE WHEN count(loaded_to) = count(*) THEN min(loaded_to) END,
       max(confirmed_at),
       min(first_open),
       sum(missing)::bigint,
       sum(failed)::bigint,
       sum(quarantined)::bigint,
       sum(lost)::bigint,
       sum(provisional)::bigint,
       sum(days)::bigint,
       coalesce(open_days, 0),
       coalesce(counts, '{}')
FROM each
LEFT JOIN counted USING (source, vendor)
LEFT JOIN open USING (source)
GROUP BY source, vendor, counts, open_days
ORDER BY source, vendor
