-- Which failure reasons moved the failure rate of the last whole month against the month before?
--
-- Read: per_thousand is of all requested messages. more_failed is how many messages fail more, or less, than at the rate of the month
-- before, and all lines together are the change of the failure rate. '(no reason reported)' is what deliveries count as failed and no reason
-- explains.
-- Beware: reasons are compared on whole days of accounts. A day that lacks a number of its deliveries or of a reason is in none of the
-- other lines: it stands in the last one, (not comparable), with the least that it can be.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key) + 1) - interval '1 month')::date  AS month, -- the last whole one
           (date_trunc('month', max(date_key) + 1) - interval '2 months')::date AS month_before
    FROM sms.delivery_by_day
)
SELECT m.vendor,
       m.stage,
       m.reason,
       m.category,
       m.messages_with                AS messages_before,
       m.messages_this                AS messages,
       round(1000 * m.rate_with, 2)   AS per_thousand_before,
       round(1000 * m.rate_this, 2)   AS per_thousand,
       m.effect                       AS more_failed,
       round(m.points, 6)             AS points
FROM asked AS k
CROSS JOIN LATERAL sms.reason_change(k.month, (k.month + interval '1 month')::date - 1, k.month_before, k.month - 1) AS m
ORDER BY m.is_comparable DESC, abs(m.effect) DESC NULLS LAST, m.vendor, m.stage, m.reason;
