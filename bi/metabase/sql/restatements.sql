SELECT changed_at,
       send_date AS day,
       vendor,
       account,
       template,
       measure,
       old_value,
       new_value,
       cause
FROM   sms.restatements
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
ORDER  BY changed_at DESC, send_date DESC, vendor, account, template, measure
LIMIT  200
