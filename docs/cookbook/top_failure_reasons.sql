-- Why do messages fail?
--
-- Read: the most frequent reasons of the last 90 days in the vendors' own words, each with our category. share is of all failures of
-- the vendor with a reason. per_thousand is of the messages that were requested of the vendor.
-- Beware: failures and deliveries have different grains. Both are added up first, and only the two sums meet. Joined row by row, a
-- message would count once for each of its reasons. Vendors name and group reasons differently: compare categories.
WITH asked AS (
    SELECT max(date_key) - 89 AS first_day, -- ninety days
           max(date_key)      AS last_day
    FROM sms.delivery_by_day
),
failed AS (
    SELECT f.vendor,
           f.stage,
           f.reason,
           f.category,
           CASE WHEN sum(f.rows_not_reported) = 0 THEN sum(f.messages) END AS messages
    FROM sms.reason_daily AS f
    WHERE f.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1, 2, 3, 4
),
sent AS (
    SELECT d.vendor,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1
)
SELECT f.vendor,
       f.stage,
       f.reason,
       f.category,
       f.messages,
       CASE WHEN count(f.messages) OVER of_vendor = count(*) OVER of_vendor
            THEN round(f.messages / NULLIF(sum(f.messages) OVER of_vendor, 0), 4) END AS share,
       round(1000 * f.messages / NULLIF(s.requested, 0), 2)                           AS per_thousand
FROM failed    AS f
LEFT JOIN sent AS s ON s.vendor = f.vendor
WINDOW of_vendor AS (PARTITION BY f.vendor)
ORDER BY f.messages DESC NULLS LAST, f.vendor, f.stage, f.reason
LIMIT 20;
