SELECT vendor,
       country,
       CASE WHEN count(requested) = count(*) THEN sum(requested) END AS requested,
       CASE WHEN count(delivered) = count(*) THEN sum(delivered) END AS delivered,
       CASE WHEN count(delivered) = count(*) AND count(requested) = count(*) THEN sum(delivered) / nullif(sum(requested), 0) END AS delivery_rate
FROM   sms.delivery_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY vendor, country
ORDER  BY requested DESC NULLS LAST, vendor, country
LIMIT  100
