-- A source is as far as the dataset of an account that is furthest behind.
WITH each AS (
    SELECT a.source,
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
    FROM sms.coverage_daily AS c
    JOIN sms.dim_vendor     AS v ON v.vendor = c.vendor
    JOIN sms.dim_account    AS a ON a.vendor_key = v.vendor_key AND a.account = c.account
    GROUP BY a.source, c.vendor, c.account, c.dataset
)
SELECT source,
       vendor,
       CASE WHEN count(loaded_to) = count(*) THEN min(loaded_to) - DATE '1970-01-01' END,
       max(confirmed_at),
       min(first_open) - DATE '1970-01-01',
       sum(missing)::bigint,
       sum(failed)::bigint,
       sum(quarantined)::bigint,
       sum(lost)::bigint,
       sum(provisional)::bigint,
       sum(days)::bigint
FROM each
GROUP BY source, vendor
ORDER BY source, vendor
