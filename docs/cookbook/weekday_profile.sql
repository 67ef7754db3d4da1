-- On which weekdays do we send, and do they deliver differently?
--
-- Read: per_day is the messages of such a weekday on average, share its part of the week. Eight whole weeks are looked at.
-- Beware: per_day is a sum divided by the number of days, which averages messages and not rates. delivery_rate is a sum divided
-- by a sum.
WITH asked AS (
    SELECT (date_trunc('week', max(date_key) + 1) - interval '56 days')::date AS first_day, -- eight weeks
           (date_trunc('week', max(date_key) + 1) - interval '1 day')::date   AS last_day
    FROM sms.delivery_by_day
),
weekday AS (
    SELECT extract(isodow FROM d.send_date) AS n,
           d.vendor,
           count(DISTINCT d.send_date) AS days,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested,
           CASE WHEN count(d.delivered) = count(*) THEN sum(d.delivered) END AS delivered
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1, 2
)
SELECT vendor,
       (ARRAY['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[n::integer] AS weekday,
       round(requested / days)                                                                AS per_day,
       CASE WHEN count(requested) OVER of_vendor = count(*) OVER of_vendor
            THEN round(requested / NULLIF(sum(requested) OVER of_vendor, 0), 4) END           AS share,
       round(delivered / NULLIF(requested, 0), 4)                                             AS delivery_rate
FROM weekday
WINDOW of_vendor AS (PARTITION BY vendor)
ORDER BY vendor, n;
