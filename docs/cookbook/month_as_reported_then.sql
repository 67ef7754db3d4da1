-- What did we report for a month on some day, and what do we say now?
--
-- Read: the numbers of the last whole month as the warehouse held them at reported_at, beside those of today.
-- Beware: set the month and reported_at. The default is midnight UTC five days before the newest day. NULL then means that nothing of
-- the month was loaded at that time, or that a part is not reported.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key) + 1) - interval '1 month')::date AS first_day, -- the last whole month
           (date_trunc('month', max(date_key) + 1) - interval '1 day')::date   AS last_day,
           (max(date_key) - 5)::timestamp AT TIME ZONE 'UTC'                   AS reported_at
    FROM sms.delivery_by_day
),
before AS (
    SELECT d.vendor,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested,
           CASE WHEN count(d.delivered) = count(*) THEN sum(d.delivered) END AS delivered
    FROM asked AS k
    CROSS JOIN LATERAL sms.account_daily_as_of(k.reported_at) AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1
),
now AS (
    SELECT d.vendor,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested,
           CASE WHEN count(d.delivered) = count(*) THEN sum(d.delivered) END AS delivered
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1
)
SELECT k.first_day                                    AS month,
       vendor,
       b.requested                                    AS requested_then,
       n.requested                                    AS requested_now,
       b.delivered                                    AS delivered_then,
       n.delivered                                    AS delivered_now,
       round(b.delivered / NULLIF(b.requested, 0), 4) AS delivery_rate_then,
       round(n.delivered / NULLIF(n.requested, 0), 4) AS delivery_rate_now
FROM before      AS b
FULL JOIN now    AS n USING (vendor)
CROSS JOIN asked AS k
ORDER BY vendor;
