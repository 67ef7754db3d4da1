-- What kinds of failure do we have, the same words for every vendor?
--
-- Read: the share of each category in the messages that failed after the hand-over, by vendor, in the last three months.
-- Beware: only the stage 'sending' is compared, since not every vendor gives reasons for what it did not hand on. A category without
-- a line had no failures. 'unmapped' are reasons that nobody has looked at yet, unmapped_reasons.sql lists them.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key)) - interval '2 months')::date AS first_day, -- three months
           max(date_key)                                                    AS last_day
    FROM sms.delivery_by_day
),
category AS (
    SELECT date_trunc('month', f.send_date)::date AS month,
           f.vendor,
           f.category,
           CASE WHEN sum(f.rows_not_reported) = 0 THEN sum(f.messages) END AS messages
    FROM sms.reason_daily AS f
    WHERE f.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
      AND f.stage = 'sending'
    GROUP BY 1, 2, 3
)
SELECT month,
       vendor,
       category,
       messages,
       CASE WHEN count(messages) OVER of_month = count(*) OVER of_month
            THEN round(messages / NULLIF(sum(messages) OVER of_month, 0), 4) END AS share
FROM category
WINDOW of_month AS (PARTITION BY month, vendor)
ORDER BY month, vendor, messages DESC NULLS LAST, category;
