-- What does a delivered message cost, in money?
--
-- Read: cost_per_delivered is what the traffic of an account cost by our prices, divided by its messages that reached a handset. A vendor
-- with a lower price and more failures can be the dearer one.
-- Beware: only traffic with a price is in it, and cost and messages are of the same rows. Sums are divided by sums. NULL means that
-- nothing was delivered, or that a vendor does not report one of the two. Currencies are not compared.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key)) - interval '2 months')::date AS first_day, -- three months
           max(date_key)                                                    AS last_day
    FROM sms.delivery_by_day
),
month AS (
    SELECT date_trunc('month', c.send_date)::date AS month,
           c.currency,
           c.vendor,
           c.account,
           CASE WHEN count(c.cost)      = count(*) THEN sum(c.cost)      END AS cost,
           CASE WHEN count(c.delivered) = count(*) THEN sum(c.delivered) END AS delivered
    FROM sms.cost_daily AS c
    WHERE c.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
      AND c.currency IS NOT NULL
    GROUP BY 1, 2, 3, 4
)
SELECT month,
       currency,
       vendor,
       account,
       round(cost, 2) AS cost,
       delivered,
       round(cost / NULLIF(delivered, 0), 5) AS cost_per_delivered
FROM month
ORDER BY month, currency, vendor, account;
