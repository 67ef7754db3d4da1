SELECT c.dataset,
       c.state,
       c.reason,
       c.since,
       c.next_action,
       c.days_left::bigint,
       c.pending,
       c.row_count,
       c.loaded_at,
       c.confirmed_at,
       c.attempts::bigint,
       d.is_imported
FROM sms.coverage_daily AS c
JOIN etl.dataset        AS d USING (dataset)
WHERE c.vendor = $1
  AND c.account = $2
  AND c.send_date = $3
ORDER BY c.dataset
