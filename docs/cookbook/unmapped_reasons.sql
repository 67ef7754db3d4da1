-- Which failure reasons does nobody know yet?
--
-- Read: a vendor has begun to use a code that has no category, so it is missing from every comparison by category.
-- Beware: nothing is lost: the messages are counted under the code, and take the category as soon as it is mapped. No line is good.
SELECT vendor,
       account,
       stage,
       reason,
       CASE WHEN sum(rows_not_reported) = 0 THEN sum(messages) END AS messages,
       min(send_date)                                              AS first_day,
       max(send_date)                                              AS last_day
FROM sms.reason_daily
WHERE category = 'unmapped'
GROUP BY vendor, account, stage, reason
ORDER BY messages DESC NULLS LAST, vendor, account, stage, reason;
