-- The stored rows of accounts with the dataset that the ledger knows them by, in the order of their keys.
SELECT d.dataset, f.date_key, f.account_key, f.template_key, f.label_key, f.message_type_key, f.country_key, {measures|f.%s}
FROM sms.fact_delivery_daily AS f
JOIN sms.dim_account         AS a ON a.account_key = f.account_key
JOIN etl.dataset             AS d ON d.vendor_key = a.vendor_key AND d.owns_delivery
WHERE f.account_key = ANY ($1)
  AND f.date_key >= $2
ORDER BY f.account_key, f.date_key, f.template_key, f.label_key, f.message_type_key, f.country_key
