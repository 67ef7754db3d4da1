-- Which traffic has no cost, and why?
--
-- Read: missing says what is not there: a line in the price list (etl prices import), or the number that the price is for. The largest
-- traffic comes first.
-- Beware: days before the first price of a line are among them. A sum of costs over such days is too small by this traffic. No line is good.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key)) - interval '2 months')::date AS first_day, -- three months
           max(date_key)                                                    AS last_day
    FROM sms.delivery_by_day
)
SELECT c.vendor,
       c.account,
       c.country,
       c.message_type,
       c.missing,
       min(c.send_date)            AS first_day,
       max(c.send_date)            AS last_day,
       count(DISTINCT c.send_date) AS days,
       CASE WHEN count(c.requested)       = count(*) THEN sum(c.requested)       END AS requested,
       CASE WHEN count(c.billed_segments) = count(*) THEN sum(c.billed_segments) END AS billed_segments
FROM sms.cost_daily AS c
WHERE c.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
  AND c.cost IS NULL
GROUP BY c.vendor, c.account, c.country, c.message_type, c.missing
ORDER BY requested DESC NULLS LAST, c.vendor, c.account, c.country, c.message_type, c.missing;
