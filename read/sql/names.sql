SELECT 'template' AS kind, v.vendor, a.account, d.code AS id, d.name
FROM sms.dim_template AS d
JOIN sms.dim_account  AS a ON a.account_key = d.account_key
JOIN sms.dim_vendor   AS v ON v.vendor_key  = a.vendor_key
WHERE d.name IS NOT NULL
UNION ALL
SELECT 'label', v.vendor, a.account, d.code, d.name
FROM sms.dim_label   AS d
JOIN sms.dim_account AS a ON a.account_key = d.account_key
JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
WHERE d.name IS NOT NULL
UNION ALL
SELECT 'account', v.vendor, '', a.account, a.name
FROM sms.dim_account AS a
JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
WHERE a.name IS NOT NULL
UNION ALL
SELECT 'message_type', v.vendor, '', d.code, d.name
FROM sms.dim_message_type AS d
JOIN sms.dim_vendor       AS v ON v.vendor_key = d.vendor_key
WHERE d.name IS NOT NULL
ORDER BY 1, 2, 3, 4
