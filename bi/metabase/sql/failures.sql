SELECT date_key AS day,
       CASE WHEN count(processing_failed) = count(*) THEN sum(processing_failed) END AS failed_before_hand_over,
       CASE WHEN count(send_failed) = count(*) THEN sum(send_failed) END AS failed_at_the_carrier
FROM   sms.delivery_by_day
JOIN   sms.dim_account USING (account_key)
JOIN   sms.dim_vendor  USING (vendor_key)
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY date_key
ORDER  BY date_key
