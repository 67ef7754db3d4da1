-- Is last month final, so that it can be reported?
--
-- Read: is_final is true when every expected day of every statistic of the account is settled. Else open_days says how many are not,
-- and what_next what the first of them waits for.
-- Beware: reload, load and confirm happen by themselves with the next run. Release and unfreeze need an operator. A lost day will
-- never come: report without it, and say so.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key) + 1) - interval '1 month')::date AS first_day, -- the last whole month
           (date_trunc('month', max(date_key) + 1) - interval '1 day')::date   AS last_day
    FROM sms.delivery_by_day
)
SELECT (SELECT first_day FROM asked)                                                     AS month,
       c.vendor,
       c.account,
       count(DISTINCT c.send_date)                                                       AS days,
       count(DISTINCT c.send_date) FILTER (WHERE c.state NOT IN ('final', 'empty'))       AS open_days,
       bool_and(c.state IN ('final', 'empty'))                                           AS is_final,
       (array_agg(c.state || ': ' || c.next_action ORDER BY c.send_date, c.dataset)
           FILTER (WHERE c.state NOT IN ('final', 'empty')))[1]                           AS what_next
FROM sms.coverage_daily AS c
WHERE c.send_date BETWEEN (SELECT first_day FROM asked) AND (SELECT last_day FROM asked)
  AND c.is_expected
GROUP BY c.vendor, c.account
ORDER BY c.vendor, c.account;
