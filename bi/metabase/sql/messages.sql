SELECT send_date AS day,
       vendor,
       CASE WHEN count(requested) = count(*) THEN sum(requested) END AS requested
FROM   sms.account_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY send_date, vendor
ORDER  BY send_date, vendor
