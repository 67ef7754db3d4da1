SELECT send_date AS day,
       vendor,
       account,
       dataset,
       state,
       reason,
       next_action,
       days_left
FROM   sms.coverage_daily
WHERE  is_expected
  AND  state IN ('missing', 'failed', 'quarantined', 'lost', 'frozen')
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
ORDER  BY send_date DESC, vendor, account, dataset
LIMIT  200
