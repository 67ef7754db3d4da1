-- Which templates deliver worse in the last whole month than in the one before?
--
-- Read: rate_change is in points, -0.0500 is five percentage points less. lost is how many messages that cost: what would have
-- been delivered more at the rate of before.
-- Beware: templates with fewer than 500 messages in either month are left out, since a handful of messages moves their rate.
-- Vendors that do not tell templates are not here.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key) + 1) - interval '1 month')::date  AS month, -- the last whole one
           (date_trunc('month', max(date_key) + 1) - interval '2 months')::date AS month_before,
           500                                                                  AS least
    FROM sms.delivery_by_day
)
SELECT t.vendor,
       t.account,
       t.template,
       t.requested,
       round(b.delivery_rate, 4)                                               AS rate_before,
       round(t.delivery_rate, 4)                                               AS delivery_rate,
       round(t.delivery_rate - b.delivery_rate, 4)                             AS rate_change,
       round(t.requested * (b.delivery_rate - t.delivery_rate))                AS lost
FROM sms.template_monthly AS t
JOIN sms.template_monthly AS b ON b.vendor = t.vendor AND b.account = t.account AND b.template = t.template
WHERE t.month_start = (SELECT month FROM asked)
  AND b.month_start = (SELECT month_before FROM asked)
  AND t.template <> '(not reported)'
  AND t.requested >= (SELECT least FROM asked)
  AND b.requested >= (SELECT least FROM asked)
  AND t.delivery_rate < b.delivery_rate
ORDER BY t.requested * (b.delivery_rate - t.delivery_rate) DESC, t.vendor, t.account, t.template
LIMIT 20;
