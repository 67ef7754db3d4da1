SELECT f.account_key,
       r.code    AS subject,
       'warning' AS severity,
       f.date_key,
       0::float8               AS expected,
       sum(f.messages)::float8 AS found,
       format('%s messages failed in %s for a reason without a category', sum(f.messages), min(r.stage)) AS detail
FROM sms.fact_failure_daily AS f
JOIN sms.dim_failure_reason AS r ON r.reason_key = f.reason_key AND r.category = 'unmapped'
WHERE EXISTS (SELECT FROM sms.dim_failure_reason WHERE category = 'unmapped') -- else nothing is read
  AND f.date_key >= $2
  AND f.account_key = ANY ($1)
GROUP BY f.account_key, r.code, f.date_key
