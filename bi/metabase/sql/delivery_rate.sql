-- A day without a row, and a rate that cannot be told, are gaps in the line.
SELECT send_date AS day,
       vendor,
       CASE WHEN count(delivered) = count(*) AND count(requested) = count(*) THEN sum(delivered) / nullif(sum(requested), 0) END AS delivery_rate
FROM   sms.account_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY send_date, vendor
ORDER  BY send_date, vendor
