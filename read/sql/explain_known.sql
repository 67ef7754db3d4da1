-- The kinds of names that the account, or its vendor, never had. The fixed members belong to nobody and are known to all.
SELECT x.kind
FROM sms.dim_account AS a
CROSS JOIN LATERAL (VALUES
    (1, 'template',     $2::text <> '' AND NOT EXISTS (SELECT FROM sms.dim_template AS d WHERE d.code = $2 AND (d.account_key = $1 OR d.account_key IS NULL))),
    (2, 'label',        $3::text <> '' AND NOT EXISTS (SELECT FROM sms.dim_label AS d WHERE d.code = $3 AND (d.account_key = $1 OR d.account_key IS NULL))),
    (3, 'message type', $4::text <> '' AND NOT EXISTS (SELECT FROM sms.dim_message_type AS d WHERE d.code = $4 AND (d.vendor_key = a.vendor_key OR d.vendor_key IS NULL))),
    (4, 'country',      $5::text <> '' AND NOT EXISTS (SELECT FROM sms.dim_country AS d WHERE d.code = $5)),
    (5, 'reason',       $7::text <> '' AND NOT EXISTS (SELECT FROM sms.dim_failure_reason AS d
                                                       WHERE d.code = $7 AND d.vendor_key = a.vendor_key AND ($6::text = '' OR d.stage = $6)))
) AS x (n, kind, is_unknown)
WHERE a.account_key = $1
  AND x.is_unknown
ORDER BY x.n
