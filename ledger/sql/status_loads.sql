-- The last load of each expectation that came to an end by itself. One that was called off says nothing about the
-- vendor, and is tried again.
SELECT u.position,
       l.outcome,
       coalesce(l.reason, '')
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS u (vendor, account, dataset, position)
JOIN sms.dim_vendor  AS v ON v.vendor = u.vendor
JOIN sms.dim_account AS a ON a.vendor_key = v.vendor_key AND a.account = u.account
CROSS JOIN LATERAL (
    SELECT outcome,
           reason
    FROM etl.load
    WHERE account_key = a.account_key
      AND u.dataset = ANY (datasets)
      AND outcome <> 'running'
      AND origin <> 'replay'
      AND NOT called_off
    ORDER BY load_id DESC
    LIMIT 1
) AS l
ORDER BY u.position
