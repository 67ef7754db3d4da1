-- NULL, and no sum that is too small, where an account does not report the measure.
SELECT CASE WHEN count(delivered) = count(*) THEN sum(delivered) END AS delivered
FROM   sms.delivery_by_day
JOIN   sms.dim_account USING (account_key)
JOIN   sms.dim_vendor  USING (vendor_key)
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
