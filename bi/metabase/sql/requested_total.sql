-- NULL, and no sum that is too small, where an account does not report the measure.
SELECT CASE WHEN count(requested) = count(*) THEN sum(requested) END AS requested
FROM   sms.account_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
