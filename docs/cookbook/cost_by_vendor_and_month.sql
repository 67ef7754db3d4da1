-- What does each vendor cost, month by month?
--
-- Read: cost is worked out by the prices of sms.price, in the currency beside it. share_of_traffic is how much of the vendor's
-- messages of the month the line is about. A line without a currency is traffic that has no price.
-- Beware: costs of different currencies have no sum. A cost is an estimate by our own prices, and the invoice has the last word.
-- It is NULL, and not too small, where a vendor does not report what a price is for. open_days may still change.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key)) - interval '2 months')::date AS first_day, -- three months
           max(date_key)                                                    AS last_day
    FROM sms.delivery_by_day
),
month AS (
    SELECT date_trunc('month', c.send_date)::date AS month,
           c.vendor,
           c.currency,
           CASE WHEN count(c.cost)      = count(*) THEN sum(c.cost)      END AS cost,
           CASE WHEN count(c.units)     = count(*) THEN sum(c.units)     END AS units,
           CASE WHEN count(c.requested) = count(*) THEN sum(c.requested) END AS requested,
           count(DISTINCT (c.account, c.send_date)) FILTER (WHERE c.day_state IN ('provisional', 'quarantined')) AS open_days
    FROM sms.cost_daily AS c
    WHERE c.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1, 2, 3
)
SELECT month,
       vendor,
       currency,
       round(cost, 2) AS cost,
       units,
       requested,
       CASE WHEN count(requested) OVER vendor_month = count(*) OVER vendor_month
            THEN round(requested / NULLIF(sum(requested) OVER vendor_month, 0), 4) END AS share_of_traffic,
       open_days
FROM month
WINDOW vendor_month AS (PARTITION BY month, vendor)
ORDER BY month, vendor, currency;
