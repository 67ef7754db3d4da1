SELECT send_date AS day,
       CASE WHEN count(processing_failed) = count(*) THEN sum(processing_failed) END AS failed_before_hand_over,
       CASE WHEN count(send_failed) = count(*) THEN sum(send_failed) END AS failed_at_the_carrier
FROM   sms.account_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY send_date
ORDER  BY send_date
