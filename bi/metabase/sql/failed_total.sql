-- Failed before the hand-over to the carrier or after it; NULL where either is not reported.
SELECT CASE WHEN count(processing_failed) = count(*) AND count(send_failed) = count(*) THEN sum(processing_failed) + sum(send_failed) END AS failed
FROM   sms.account_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
