SELECT l.load_id,
       l.run_id,
       array_to_string(l.datasets, ' + '),
       l.window_from || '/' || l.window_to,
       l.started_at,
       l.outcome,
       coalesce(l.reason, ''),
       l.received,
       l.inserted + l.updated + l.removed
FROM etl.load        AS l
JOIN sms.dim_account AS a ON a.account_key = l.account_key
JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
WHERE v.vendor = $1
  AND a.account = $2
  AND $3::date BETWEEN l.window_from AND l.window_to
ORDER BY l.load_id DESC
LIMIT $4
