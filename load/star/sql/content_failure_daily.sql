-- The same of failures.
SELECT d.dataset, f.date_key, f.account_key, f.template_key, f.label_key, f.message_type_key, f.country_key, f.reason_key, f.messages
FROM sms.fact_failure_daily AS f
JOIN sms.dim_failure_reason AS r ON r.reason_key = f.reason_key
JOIN etl.dataset            AS d ON d.vendor_key = r.vendor_key AND d.stage = r.stage
WHERE f.account_key = ANY ($1)
  AND f.date_key >= $2
ORDER BY f.account_key, f.date_key, f.template_key, f.label_key, f.message_type_key, f.country_key, f.reason_key
