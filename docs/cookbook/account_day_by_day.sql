-- What did each account send, day by day, and how did it deliver?
--
-- Read: rate_of_7_days is the rate of the day and the six before it taken together, which is steadier than that of a day.
-- Beware: it divides sums, and is NULL when one of the days does not report. On a provisional day messages are still on their
-- way, so its rate is too low and will rise. A day without a line sent nothing or is not loaded, missing_days.sql says which.
WITH asked AS (
    SELECT max(date_key) - 29 AS first_day, -- thirty days
           max(date_key)      AS last_day
    FROM sms.delivery_by_day
),
day AS (
    SELECT d.send_date,
           d.vendor,
           d.account,
           d.requested,
           d.delivered,
           d.day_state,
           CASE WHEN count(d.requested) OVER week = count(*) OVER week THEN sum(d.requested) OVER week END AS requested_of_7_days,
           CASE WHEN count(d.delivered) OVER week = count(*) OVER week THEN sum(d.delivered) OVER week END AS delivered_of_7_days
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) - 6 AND (SELECT last_day FROM asked)
    WINDOW week AS (PARTITION BY d.vendor, d.account ORDER BY d.send_date RANGE BETWEEN interval '6 days' PRECEDING AND CURRENT ROW)
)
SELECT d.send_date,
       d.vendor,
       d.account,
       d.requested,
       d.delivered,
       round(d.delivered::numeric / NULLIF(d.requested, 0), 4)              AS delivery_rate,
       round(d.delivered_of_7_days / NULLIF(d.requested_of_7_days, 0), 4)   AS rate_of_7_days,
       d.day_state
FROM day AS d
WHERE d.send_date >= (SELECT first_day FROM asked)
ORDER BY d.send_date DESC, d.vendor, d.account;
