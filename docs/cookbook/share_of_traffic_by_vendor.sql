-- Which share of our messages goes through which vendor?
--
-- Read: the shares of a month add up to 1.
-- Beware: a share is only told when every vendor of the month reports what was requested, else the others would look too large,
-- so it is NULL for all of them.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key)) - interval '5 months')::date AS first_day, -- six months
           max(date_key)                                                    AS last_day
    FROM sms.delivery_by_day
),
month AS (
    SELECT date_trunc('month', d.send_date)::date AS month,
           d.vendor,
           CASE WHEN count(d.requested) = count(*) THEN sum(d.requested) END AS requested
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1, 2
)
SELECT month,
       vendor,
       requested,
       CASE WHEN count(requested) OVER of_month = count(*) OVER of_month
            THEN round(requested / NULLIF(sum(requested) OVER of_month, 0), 4) END AS share
FROM month
WINDOW of_month AS (PARTITION BY month)
ORDER BY month, vendor;
