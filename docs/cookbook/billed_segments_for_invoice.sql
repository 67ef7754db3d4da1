-- How many segments should the invoice of a month say?
--
-- Read: compare billed_segments with the invoice of the account. is_complete says that every expected day of the month is loaded and
-- settled. Only then is a difference worth a call.
-- Beware: a month of the vendor's invoice may be cut in another zone than the account's days. NULL means that the vendor does not
-- report segments, and then there is nothing to compare.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key)) - interval '2 months')::date AS first_day, -- three months
           max(date_key)                                                    AS last_day
    FROM sms.delivery_by_day
),
billed AS (
    SELECT date_trunc('month', d.send_date)::date AS month,
           d.vendor,
           d.account,
           CASE WHEN count(d.billed_segments) = count(*) THEN sum(d.billed_segments) END AS billed_segments
    FROM sms.account_daily AS d
    WHERE d.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
    GROUP BY 1, 2, 3
),
known AS (
    SELECT date_trunc('month', c.send_date)::date AS month,
           c.vendor,
           c.account,
           count(DISTINCT c.send_date) FILTER (WHERE c.state NOT IN ('final', 'empty')) AS open_days
    FROM sms.coverage_daily AS c
    WHERE c.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
      AND c.is_expected
    GROUP BY 1, 2, 3
)
SELECT c.month,
       c.vendor,
       c.account,
       b.billed_segments,
       c.open_days,
       c.open_days = 0 AND c.month + interval '1 month' <= (SELECT last_day FROM asked) + 1 AS is_complete
FROM known       AS c
LEFT JOIN billed AS b ON b.month = c.month AND b.vendor = c.vendor AND b.account = c.account
ORDER BY c.month, c.vendor, c.account;
