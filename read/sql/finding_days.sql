-- How many of the days that a finding is about may still change, or are not there.
SELECT f.finding_id,
       count(DISTINCT c.send_date) FILTER (WHERE c.state NOT IN ('final', 'empty'))
FROM etl.finding        AS f
JOIN sms.dim_account    AS a ON a.account_key = f.account_key
JOIN sms.dim_vendor     AS v ON v.vendor_key  = a.vendor_key
JOIN sms.coverage_daily AS c ON c.vendor  = v.vendor
                            AND c.account = a.account
                            AND c.send_date BETWEEN f.day AND coalesce(f.last_day, f.day)
                            AND (f.datasets IS NULL OR c.dataset = ANY (f.datasets))
WHERE f.closed_at IS NULL
GROUP BY f.finding_id
