-- Vendors that count a day twice count everything twice: the day's messages, those of each template, and so every number of
-- it is even. Twice the traffic of a busy day has odd numbers too. Of the facts only the suspects' days are read, each by
-- its key, which the lateral joins make sure of.
, suspect AS (
    SELECT account_key, date_key, requested, usual
    FROM trail
    WHERE weeks >= 4
      AND usual >= 50
      AND requested BETWEEN 1.5 * usual AND 2.7 * usual
),
even AS MATERIALIZED (
    SELECT s.*, n.numbers
    FROM suspect AS s
    CROSS JOIN LATERAL (
        SELECT count(*) AS numbers, bool_and(value % 2 = 0) AS are_even
        FROM (
            SELECT x.value
            FROM sms.fact_delivery_daily AS f
            CROSS JOIN LATERAL (VALUES
                (f.requested), (f.accepted), (f.processing_failed), (f.delivered), (f.send_failed), (f.pending), (f.billed_segments)
            ) AS x (value)
            WHERE f.date_key = s.date_key
              AND f.account_key = s.account_key
            UNION ALL
            SELECT f.messages
            FROM sms.fact_failure_daily AS f
            WHERE f.date_key = s.date_key
              AND f.account_key = s.account_key
        ) AS number
        WHERE value <> 0
    ) AS n
    WHERE n.numbers >= 8
      AND n.are_even
)
SELECT e.account_key,
       'requested' AS subject,
       'error'     AS severity,
       e.date_key,
       e.usual             AS expected,
       e.requested::float8 AS found,
       format('%s messages, %s times the middle of the weeks before, on %s of %s templates alike, and all %s numbers of the day are even',
              e.requested, round((e.requested / e.usual)::numeric, 2), t.doubled, t.templates, e.numbers) AS detail
FROM even AS e
CROSS JOIN LATERAL (
    SELECT count(*) AS templates,
           count(*) FILTER (WHERE c.requested BETWEEN 1.4 * c.usual AND 2.9 * c.usual) AS doubled
    FROM (
        SELECT max(w.requested) FILTER (WHERE w.weeks = 0) AS requested,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY w.requested) FILTER (WHERE w.weeks > 0) AS usual
        FROM (
            SELECT f.template_key, n.weeks, sum(f.requested) AS requested
            FROM generate_series(0, 8) AS n (weeks)
            JOIN sms.fact_delivery_daily AS f ON f.date_key = e.date_key - 7 * n.weeks AND f.account_key = e.account_key
            GROUP BY f.template_key, n.weeks
        ) AS w
        GROUP BY w.template_key
        HAVING count(*) FILTER (WHERE w.weeks > 0) >= 4
    ) AS c
    WHERE c.usual >= 20
) AS t
WHERE t.templates > 0
  AND t.doubled >= 0.8 * t.templates
