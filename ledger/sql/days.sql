-- Every expected day as it is now, today included.
SELECT u.position,
       a.account_key,
       u.vendor,
       u.account,
       u.zone,
       u.dataset,
       d.day::date              AS date_key,
       w.state                  AS written,
       s.state,
       s.reason_now             AS reason,
       c.pending,
       coalesce(c.row_count, 0) AS row_count,
       coalesce(c.load_id, 0)   AS load_id,
       c.loaded_at,
       c.confirmed_at,
       c.checked_at,
       s.since_now              AS since,
       s.next_action,
       s.days_left
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::int[])
     WITH ORDINALITY AS u (source, vendor, account, zone, dataset, first_day, last_day, retention_days, position)
LEFT JOIN sms.dim_vendor  AS v ON v.vendor = u.vendor
LEFT JOIN sms.dim_account AS a ON a.vendor_key = v.vendor_key AND a.account = u.account
CROSS JOIN generate_series(u.first_day, u.last_day + 1, interval '1 day') AS d (day)
LEFT JOIN etl.coverage    AS c ON c.account_key = a.account_key AND c.dataset = u.dataset AND c.date_key = d.day::date
CROSS JOIN LATERAL (
    SELECT CASE WHEN d.day::date <= u.last_day THEN coalesce(c.state, 'missing') ELSE 'not_due' END AS state
) AS w
CROSS JOIN LATERAL etl.day_status(
    w.state, coalesce(c.reason, ''), coalesce(c.row_count, 0), c.since, d.day::date, u.last_day + 1, u.zone::interval,
    nullif(u.retention_days, 0)) AS s
