SELECT vendor,
       account,
       send_date - DATE '1970-01-01',
       template,
       label,
       message_type,
       country,
       coalesce(stage, ''),
       coalesce(reason, ''),
       measure,
       old_value,
       new_value,
       changed_at,
       load_id,
       change,
       cause
FROM sms.restatements
WHERE ($1 = '' OR vendor = $1)
  AND ($2 = '' OR account = $2)
  AND send_date BETWEEN $3 AND $4
ORDER BY changed_at DESC, load_id DESC, send_date DESC, vendor, account, template, label, message_type, country, stage, reason, measure
LIMIT $5
