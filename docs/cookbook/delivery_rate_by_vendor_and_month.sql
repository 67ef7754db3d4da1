-- How well does each vendor deliver, month by month?
--
-- Read: delivery_rate is the share of the messages we asked for that reached a handset. open_days counts days of accounts that
-- may still change. A month that has any is not the last word.
-- Beware: sums are divided by sums. An average of the rates of days would let a quiet Sunday weigh as much as a sale. NULL means
-- that nothing was requested, or that the vendor does not report one of the two numbers. It is not 0.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key)) - interval '12 months')::date AS first_day, -- thirteen months
           max(date_key)                                                     AS last_day
    FROM sms.delivery_by_day
),
month AS (
    SELECT date_trunc('month', d.send_date)::date AS month,
           d.vendor,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested,
           CASE WHEN count(d.delivered) = count(*) THEN sum(d.delivered) END AS delivered,
           count(*) FILTER (WHERE d.day_state IN ('provisional', 'quarantined')) AS open_days
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1, 2
)
SELECT month,
       vendor,
       requested,
       delivered,
       round(delivered / NULLIF(requested, 0), 4) AS delivery_rate,
       open_days
FROM month
ORDER BY month, vendor;
