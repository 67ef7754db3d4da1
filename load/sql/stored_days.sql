-- A loaded day without a row has none of anything.
SELECT d.date_key,
       coalesce(c.lines, 0) = cardinality($2::text[]) AS is_loaded,
       s.account_key IS NOT NULL                      AS has_rows,
       s.requested,
       s.accepted,
       s.processing_failed,
       s.delivered,
       s.send_failed,
       s.pending,
       s.billed_segments,
       s.vendor_sent
FROM sms.dim_date AS d
LEFT JOIN (
    SELECT c.date_key, count(*) AS lines
    FROM etl.coverage AS c
    WHERE c.account_key = $1
      AND c.dataset = ANY ($2)
      AND c.date_key BETWEEN $3 AND $4
      AND c.state IN ('provisional', 'final', 'empty', 'unverified')
    GROUP BY c.date_key
) AS c ON c.date_key = d.date_key
LEFT JOIN sms.delivery_by_day AS s
       ON s.date_key    = d.date_key
      AND s.account_key = $1
WHERE d.date_key BETWEEN $3 AND $4
ORDER BY d.date_key
