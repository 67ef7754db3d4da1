-- Vendors name and group reasons differently: compare categories. Messages is too small by the rows that name a reason and no number.
SELECT vendor,
       stage,
       category,
       reason,
       sum(messages) AS messages,
       count(*) FILTER (WHERE messages IS NULL) AS rows_not_reported
FROM   sms.failure_daily
WHERE  true
[[AND  {{day}}]]
[[AND  {{vendor}}]]
[[AND  {{account}}]]
GROUP  BY vendor, stage, category, reason
ORDER  BY messages DESC NULLS LAST, vendor, stage, reason
LIMIT  50
