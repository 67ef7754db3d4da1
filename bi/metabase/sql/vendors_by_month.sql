-- Months of each vendor's own days. Billed segments are no messages: never put both into one ratio.
SELECT date_trunc('month', send_date)::date AS month,
       vendor,
       CASE WHEN count(requested) = count(*) THEN sum(requested) END AS requested,
       CASE WHEN count(delivered) = count(*) THEN sum(delivered) END AS delivered,
       CASE WHEN count(delivered) = count(*) AND count(requested) = count(*) THEN sum(delivered) / nullif(sum(requested), 0) END AS delivery_rate,
       CASE WHEN count(billed_segments) = count(*) THEN sum(billed_segments) END AS billed_segments
FROM   sms.account_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY 1, 2
ORDER  BY 1 DESC, 2
