-- How long do messages take to arrive?
--
-- Read: of the messages of the last 30 days that were delivered, half arrived within p50_seconds and 95 of 100 within p95_seconds, both
-- rounded up to the edge of a bucket. A verification code that takes a minute is of no use: share_within_60s.
-- Beware: only vendors that tell when a message was sent and when it was delivered are here (delivery_time in sms.metric_support).
-- Histograms of days are added up first. An average of the p95 of days is the p95 of nothing. without_time are delivered messages of which
-- nobody knows how long they took, and are no part of the other numbers.
WITH asked AS (
    SELECT max(date_key) - 29 AS first_day, -- thirty days
           max(date_key)      AS last_day
    FROM sms.delivery_by_day
),
took AS (
    SELECT t.vendor,
           t.account,
           t.country,
           sms.add_delivery_times(t.counts)  AS counts,
           sum(t.early + t.untimed)          AS without_time
    FROM sms.delivery_time_daily AS t
    WHERE t.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY t.vendor, t.account, t.country
)
SELECT vendor,
       account,
       country,
       (SELECT sum(n) FROM unnest(counts) AS n)       AS messages,
       sms.delivery_time_quantile(counts, 0.5)        AS p50_seconds,
       sms.delivery_time_quantile(counts, 0.95)       AS p95_seconds,
       round(sms.delivery_time_share(counts, 10), 4)  AS share_within_10s,
       round(sms.delivery_time_share(counts, 60), 4)  AS share_within_60s,
       without_time
FROM took
ORDER BY messages DESC, vendor, account, country;
