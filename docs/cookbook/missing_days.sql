-- Which days are missing or not believed, and what is to be done?
--
-- Read: days that follow each other with the same state are one line. to_do says what helps.
-- Beware: a missing day is not a day without messages: sums over it are too small. A quarantined day shows the numbers that were
-- believed last, or none at all. No line is good.
WITH open_day AS (
    SELECT vendor,
           account,
           dataset,
           send_date,
           state,
           next_action,
           send_date - (row_number() OVER (PARTITION BY vendor, account, dataset, state, next_action ORDER BY send_date))::integer AS island
    FROM sms.coverage_daily
    WHERE state IN ('missing', 'failed', 'quarantined', 'lost', 'frozen')
)
SELECT vendor,
       account,
       dataset,
       min(send_date) AS first_day,
       max(send_date) AS last_day,
       count(*)       AS days,
       state,
       CASE next_action
           WHEN 'load'     THEN CASE vendor WHEN 'huawei' THEN 'etl import huawei' ELSE 'etl run asks for it, sms.coverage_daily has the reason' END
           WHEN 'confirm'  THEN 'wait: the next run asks again, beside the days around it'
           WHEN 'release'  THEN 'etl release, if the answer is right'
           WHEN 'unfreeze' THEN 'etl unfreeze, when the operator''s reason is gone'
           ELSE 'nothing: the vendor keeps it no longer'
       END AS to_do
FROM open_day
GROUP BY vendor, account, dataset, state, next_action, island
ORDER BY first_day, vendor, account, dataset;
