SELECT dataset,
       state,
       reason,
       since,
       next_action,
       days_left::bigint,
       pending,
       row_count,
       loaded_at,
       confirmed_at,
       attempts::bigint
FROM sms.coverage_daily
WHERE vendor = $1
  AND account = $2
  AND send_date = $3
ORDER BY dataset
