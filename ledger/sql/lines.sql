SELECT v.vendor,
       a.account,
       asked.zone,
       c.dataset,
       c.date_key,
       c.state,
       c.reason,
       c.pending,
       c.row_count,
       coalesce(c.load_id, 0),
       c.loaded_at,
       c.confirmed_at,
       c.checked_at,
       c.since,
       '', -- what is next depends on the time
       NULL::int
FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (vendor, account, zone)
JOIN sms.dim_vendor  AS v ON v.vendor = asked.vendor
JOIN sms.dim_account AS a ON a.vendor_key = v.vendor_key AND a.account = asked.account
JOIN etl.coverage    AS c ON c.account_key = a.account_key
WHERE c.date_key BETWEEN $4 AND $5
ORDER BY v.vendor, a.account, c.dataset, c.date_key
