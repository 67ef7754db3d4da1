SELECT v.vendor,
       a.account,
       a.zone,
       coalesce(c.dataset, s.dataset),
       coalesce(c.date_key, s.date_key),
       coalesce(c.row_count, 0),
       coalesce(s.row_count, 0),
       coalesce(c.checksum, 0),
       coalesce(s.checksum, 0)
FROM etl.coverage AS c
FULL JOIN etl.stored_day AS s
       ON s.account_key = c.account_key
      AND s.dataset     = c.dataset
      AND s.date_key    = c.date_key
JOIN sms.dim_account AS a ON a.account_key = coalesce(c.account_key, s.account_key)
JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
WHERE (coalesce(c.row_count, 0), coalesce(c.checksum, 0)) <> (coalesce(s.row_count, 0), coalesce(s.checksum, 0))
ORDER BY 1, 2, 4, 5
