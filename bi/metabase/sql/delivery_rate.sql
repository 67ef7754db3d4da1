-- A day without a row, and a rate that cannot be told, are gaps in the line.
SELECT date_key AS day,
       vendor,
       CASE WHEN count(delivered) = count(*) AND count(requested) = count(*) THEN sum(delivered) / nullif(sum(requested), 0) END AS delivery_rate
FROM   sms.delivery_by_day
JOIN   sms.dim_account USING (account_key)
JOIN   sms.dim_vendor  USING (vendor_key)
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY date_key, vendor
ORDER  BY date_key, vendor
