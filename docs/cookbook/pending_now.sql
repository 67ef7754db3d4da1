-- How many messages are still on their way?
--
-- Read: messages that the vendor handed on and whose result is open, by age of the day. share is of the day's messages.
-- Beware: old days with pending messages will hardly become anything else: some vendors never tell the end. Without a line nothing is
-- pending, or the vendor does not report it, sms.metric_support says who does.
WITH asked AS (
    SELECT max(date_key) - 29 AS first_day, -- thirty days
           max(date_key)      AS last_day
    FROM sms.delivery_by_day
)
SELECT d.send_date,
       (SELECT last_day FROM asked) - d.send_date                 AS days_before_newest,
       d.vendor,
       d.account,
       d.pending,
       round(d.pending::numeric / NULLIF(d.requested, 0), 4)      AS share,
       d.day_state
FROM sms.account_daily AS d
WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
  AND d.pending > 0
ORDER BY d.send_date, d.vendor, d.account;
