-- What moved the delivery rate of the last whole month against the month before, and by how much?
--
-- Read: points is what a template did for the rate of all messages, -0.0012 is twelve hundredths of a percentage point less. by_own_rate
-- and by_share say in messages how: its own rate changed, or it has another share of the messages. Both columns together, divided by all
-- requested messages, are the change of the rate.
-- Beware: a template that is only in one of the months can only move the rate by its share. What lacks requested or delivered is in none
-- of the other lines: it stands in the last one, (not comparable), with the least that it can be. Days that still change count as they are.
WITH asked AS (
    SELECT (date_trunc('month', max(date_key) + 1) - interval '1 month')::date  AS month, -- the last whole one
           (date_trunc('month', max(date_key) + 1) - interval '2 months')::date AS month_before
    FROM sms.delivery_by_day
)
SELECT m.vendor,
       m.account,
       m.member                              AS template,
       m.requested_with                      AS requested_before,
       m.requested_this                      AS requested,
       round(m.rate_with, 4)                 AS rate_before,
       round(m.rate_this, 4)                 AS delivery_rate,
       m.rate_effect                         AS by_own_rate,
       m.mix_effect                          AS by_share,
       round(m.rate_points + m.mix_points, 6) AS points
FROM asked AS k
CROSS JOIN LATERAL sms.rate_change(k.month, (k.month + interval '1 month')::date - 1, k.month_before, k.month - 1, 'template') AS m
ORDER BY m.is_comparable DESC, abs(m.rate_effect + m.mix_effect) DESC NULLS LAST, m.vendor, m.account, m.member;
