-- What changed from the last whole week to the week before it?
--
-- Read: growth is the change of the messages we asked for, 0.05 is 5 % more. rate_change is in points of the delivery rate,
-- -0.0100 is one percentage point less.
-- Beware: weeks run from Monday to Sunday, and the last one is the last that is whole. NULL means that there is nothing to
-- compare with. The days of each vendor are those of its accounts' zones.
WITH asked AS (
    SELECT (date_trunc('week', max(date_key) + 1) - interval '7 days')::date AS week -- its Monday
    FROM sms.delivery_by_day
),
week AS (
    SELECT d.vendor,
           d.send_date >= (SELECT week FROM asked) AS is_last,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested,
           CASE WHEN count(d.delivered) = count(*) THEN sum(d.delivered) END AS delivered
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT week FROM asked) - 7 AND (SELECT week FROM asked) + 6
    GROUP BY 1, 2
),
side AS (
    SELECT vendor,
           max(requested) FILTER (WHERE is_last)     AS requested,
           max(requested) FILTER (WHERE NOT is_last) AS requested_before,
           max(delivered) FILTER (WHERE is_last)     AS delivered,
           max(delivered) FILTER (WHERE NOT is_last) AS delivered_before
    FROM week
    GROUP BY vendor
)
SELECT k.week,
       s.vendor,
       s.requested,
       s.requested_before,
       round(s.requested / NULLIF(s.requested_before, 0) - 1, 4) AS growth,
       round(s.delivered / NULLIF(s.requested, 0), 4)            AS delivery_rate,
       round(s.delivered / NULLIF(s.requested, 0) - s.delivered_before / NULLIF(s.requested_before, 0), 4) AS rate_change
FROM side        AS s
CROSS JOIN asked AS k
ORDER BY s.vendor;
