-- Sum over sum, never an average of rates.
SELECT CASE WHEN count(delivered) = count(*) AND count(requested) = count(*) THEN sum(delivered) / nullif(sum(requested), 0) END AS delivery_rate
FROM   sms.delivery_by_day
JOIN   sms.dim_account USING (account_key)
JOIN   sms.dim_vendor  USING (vendor_key)
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
