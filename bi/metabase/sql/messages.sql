SELECT date_key AS day,
       vendor,
       CASE WHEN count(requested) = count(*) THEN sum(requested) END AS requested
FROM   sms.delivery_by_day
JOIN   sms.dim_account USING (account_key)
JOIN   sms.dim_vendor  USING (vendor_key)
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY date_key, vendor
ORDER  BY date_key, vendor
