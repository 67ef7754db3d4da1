-- How do the months compare with the same months a year ago?
--
-- Read: both sides have the same days. The month that is not over yet is compared with as many days of last year, and days of which
-- the history is not a year old are left out.
-- Beware: growth is NULL where nothing was requested a year ago or nothing is known of it: neither is a growth of 0. Feasts
-- that follow the moon lie in other weeks each year.
WITH asked AS (
    SELECT greatest(date_trunc('month', max(date_key)) - interval '11 months', -- twelve months
                    min(date_key) + interval '1 year')::date AS first_day,
           max(date_key)                                     AS last_day
    FROM sms.delivery_by_day
),
this AS (
    SELECT date_trunc('month', d.send_date)::date AS month,
           d.vendor,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested,
           CASE WHEN count(d.delivered) = count(*) THEN sum(d.delivered) END AS delivered
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1, 2
),
last AS (
    SELECT (date_trunc('month', d.send_date) + interval '1 year')::date AS month,
           d.vendor,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested,
           CASE WHEN count(d.delivered) = count(*) THEN sum(d.delivered) END AS delivered
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) - interval '1 year' AND (SELECT last_day FROM asked) - interval '1 year'
    GROUP BY 1, 2
)
SELECT t.month,
       t.vendor,
       t.requested,
       l.requested                                         AS requested_a_year_ago,
       round(t.requested / NULLIF(l.requested, 0) - 1, 4)  AS growth,
       round(t.delivered / NULLIF(t.requested, 0), 4)      AS delivery_rate,
       round(l.delivered / NULLIF(l.requested, 0), 4)      AS delivery_rate_a_year_ago
FROM this      AS t
LEFT JOIN last AS l ON l.month = t.month AND l.vendor = t.vendor
ORDER BY t.month, t.vendor;
