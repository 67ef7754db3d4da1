SELECT severity,
       check_name,
       vendor,
       account,
       subject,
       first_day,
       last_day,
       days,
       trend,
       detail
FROM   sms.findings
WHERE  is_open
[[AND  {{vendor}}]]
[[AND  {{account}}]]
ORDER  BY array_position(ARRAY['error', 'warning', 'info'], severity), last_seen_at DESC, finding_id
LIMIT  200
