WITH pushed AS (
    SELECT DISTINCT a.source
    FROM sms.dim_account AS a
    JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
    WHERE v.vendor = 'huawei'
)
SELECT s.source,
       n.unmerged,
       greatest(coalesce($1::timestamptz - n.oldest, interval '0'), interval '0') AS oldest_wait,
       (SELECT count(*) FROM etl.huawei_report AS r WHERE r.source = s.source AND r.is_waiting) AS waiting,
       (SELECT count(*) FROM etl.huawei_touched_day AS t JOIN sms.dim_account AS a USING (account_key) WHERE a.source = s.source) AS touched,
       (SELECT max(p.received_at) FROM etl.huawei_push AS p WHERE p.source = s.source) AS last_at
FROM pushed AS s
CROSS JOIN LATERAL (
    SELECT count(*) AS unmerged, min(p.received_at) AS oldest
    FROM etl.huawei_push AS p
    WHERE p.source = s.source
      AND p.merged_at IS NULL
) AS n
ORDER BY s.source
