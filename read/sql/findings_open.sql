SELECT f.finding_id,
       f.severity,
       f.check_name,
       coalesce(v.vendor, ''),
       coalesce(a.account, ''),
       a.zone,
       f.subject,
       f.datasets,
       f.day,
       f.last_day,
       coalesce(f.days, 0),
       f.expected::float8,
       f.found::float8,
       coalesce(f.unit, ''),
       coalesce(f.tolerance, ''),
       f.size::float8,
       f.past[cardinality(f.past)]::float8,
       f.trend,
       f.times_seen,
       f.times_opened,
       f.opened_at,
       f.last_seen_at,
       f.detail
FROM etl.finding          AS f
LEFT JOIN sms.dim_account AS a ON a.account_key = f.account_key
LEFT JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
WHERE f.closed_at IS NULL
  AND ($1::integer[] IS NULL OR f.account_key IS NULL OR f.account_key = ANY ($1))
ORDER BY array_position(ARRAY['error', 'warning', 'info'], f.severity), f.check_name, v.vendor, a.account, f.subject, f.datasets
