-- Each reason with its messages in at most 30 steps of equal length, in which those without a number are NULL.
WITH part AS (
    SELECT vendor,
           stage,
           reason,
           category,
           (send_date - $3) * least(30, $4 - $3 + 1) / ($4 - $3 + 1) AS step,
           sum(messages)                                             AS messages
    FROM sms.reason_daily
    WHERE ($1 = '' OR vendor = $1)
      AND ($2 = '' OR account = $2)
      AND send_date BETWEEN $3 AND $4
      AND ($5 = '' OR reason = $5)
      AND ($6 = '' OR category = $6)
      AND ($7 = '' OR stage = $7)
    GROUP BY 1, 2, 3, 4, 5
)
SELECT r.vendor,
       r.stage,
       r.reason,
       r.category,
       sum(p.messages)::bigint,
       array_agg(p.messages::bigint ORDER BY s.step)
FROM (SELECT DISTINCT vendor, stage, reason, category FROM part) AS r
CROSS JOIN generate_series(0, least(30, $4 - $3 + 1) - 1)        AS s (step)
LEFT JOIN part AS p ON (p.vendor, p.stage, p.reason, p.category, p.step) = (r.vendor, r.stage, r.reason, r.category, s.step)
GROUP BY r.vendor, r.stage, r.reason, r.category
ORDER BY sum(p.messages) DESC NULLS LAST, r.vendor, r.stage, r.reason
