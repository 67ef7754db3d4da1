-- NULL, and no sum that is too small, where an account does not report the measure.
SELECT CASE WHEN count(delivered) = count(*) THEN sum(delivered) END AS delivered
FROM   sms.account_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
