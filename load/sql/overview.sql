-- A day is part of the unbroken run when as many loaded days as calendar days lie between the oldest line and it.
WITH line AS (
    SELECT c.account_key, c.dataset, c.date_key, c.state, c.row_count, c.confirmed_at,
           min(c.date_key) OVER w AS first_day,
           count(*) FILTER (WHERE c.state IN ('provisional', 'final', 'empty'))
               OVER (w ORDER BY c.date_key) AS loaded_so_far
    FROM etl.coverage AS c
    WINDOW w AS (PARTITION BY c.account_key, c.dataset)
),
state AS (
    SELECT account_key, dataset, jsonb_object_agg(state, days) AS days
    FROM (SELECT account_key, dataset, state, count(*) AS days FROM line GROUP BY account_key, dataset, state) AS s
    GROUP BY account_key, dataset
)
SELECT v.vendor,
       a.account,
       a.zone,
       l.dataset,
       min(l.date_key),
       max(l.date_key),
       max(l.date_key) FILTER (WHERE l.loaded_so_far = l.date_key - l.first_day + 1),
       (SELECT s.days FROM state AS s WHERE s.account_key = l.account_key AND s.dataset = l.dataset),
       sum(l.row_count)::bigint,
       max(l.confirmed_at)
FROM line            AS l
JOIN sms.dim_account AS a ON a.account_key = l.account_key
JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
GROUP BY v.vendor, a.account, a.zone, l.account_key, l.dataset
ORDER BY v.vendor, a.account, l.dataset
