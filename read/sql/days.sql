-- The numbers of each day with the state of the dataset that speaks for them, also days of which there is no number.
WITH told AS (
    SELECT c.vendor, c.account, c.send_date, c.state, c.reason
    FROM sms.coverage_daily AS c
    JOIN etl.dataset        AS d ON d.dataset = c.dataset AND d.owns_delivery
    WHERE ($1 = '' OR c.vendor = $1)
      AND ($2 = '' OR c.account = $2)
      AND c.send_date BETWEEN $3 AND $4
),
sent AS (
    SELECT v.vendor, a.account, s.date_key AS send_date, s.row_count,
           s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent
    FROM (
        SELECT date_key, account_key, row_count, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent
        FROM sms.delivery_by_day
        WHERE $5 = ''
        UNION ALL
        SELECT f.date_key, f.account_key, count(*), sum(f.requested)::bigint, sum(f.accepted)::bigint, sum(f.processing_failed)::bigint, sum(f.delivered)::bigint,
               sum(f.send_failed)::bigint, sum(f.pending)::bigint, sum(f.billed_segments)::bigint, sum(f.vendor_sent)::bigint
        FROM sms.fact_delivery_daily AS f
        JOIN sms.dim_country         AS y ON y.country_key = f.country_key
        WHERE $5 <> ''
          AND y.code = $5
          AND f.date_key BETWEEN $3 AND $4
        GROUP BY f.date_key, f.account_key
    ) AS s
    JOIN sms.dim_account AS a ON a.account_key = s.account_key
    JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
    WHERE ($1 = '' OR v.vendor = $1)
      AND ($2 = '' OR a.account = $2)
      AND s.date_key BETWEEN $3 AND $4
      AND s.row_count > 0
)
SELECT vendor,
       account,
       send_date,
       coalesce(t.state, 'missing'),
       coalesce(t.reason, ''),
       coalesce(s.row_count, 0),
       s.requested,
       s.accepted,
       s.processing_failed,
       s.delivered,
       s.send_failed,
       s.pending,
       s.billed_segments,
       s.vendor_sent
FROM told      AS t
FULL JOIN sent AS s USING (vendor, account, send_date)
WHERE s.row_count IS NOT NULL
   OR t.state <> 'not_due'
ORDER BY send_date DESC, vendor, account
