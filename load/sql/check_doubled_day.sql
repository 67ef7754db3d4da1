-- Vendors that count a day twice count everything twice: the day's messages, those of each template, and so every number of
-- it is even. Twice the traffic of a busy day has odd numbers too.
, suspect AS (
    SELECT d.account_key, d.date_key, d.requested, t.requested AS usual
    FROM day   AS d
    JOIN trail AS t USING (account_key, date_key)
    WHERE t.weeks >= 4
      AND t.requested >= 50
      AND d.requested BETWEEN 1.5 * t.requested AND 2.7 * t.requested
),
number AS (
    SELECT s.account_key, s.date_key, x.value
    FROM suspect                 AS s
    JOIN sms.fact_delivery_daily AS f ON f.date_key = s.date_key AND f.account_key = s.account_key
    CROSS JOIN LATERAL (VALUES (f.requested), (f.accepted), (f.processing_failed), (f.delivered), (f.send_failed), (f.pending), (f.billed_segments)) AS x (value)
    UNION ALL
    SELECT s.account_key, s.date_key, f.messages
    FROM suspect                AS s
    JOIN sms.fact_failure_daily AS f ON f.date_key = s.date_key AND f.account_key = s.account_key
),
even AS (
    SELECT account_key, date_key, count(*) AS numbers
    FROM number
    WHERE value <> 0
    GROUP BY account_key, date_key
    HAVING count(*) >= 8
       AND bool_and(value % 2 = 0)
),
template AS (
    SELECT e.account_key, e.date_key, f.template_key, n.weeks, sum(f.requested) AS requested
    FROM even AS e
    CROSS JOIN generate_series(0, 8) AS n (weeks)
    JOIN sms.fact_delivery_daily AS f ON f.date_key = e.date_key - 7 * n.weeks AND f.account_key = e.account_key
    GROUP BY e.account_key, e.date_key, f.template_key, n.weeks
),
compared AS (
    SELECT account_key, date_key, template_key,
           max(requested) FILTER (WHERE weeks = 0) AS requested,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY requested) FILTER (WHERE weeks > 0) AS usual
    FROM template
    GROUP BY account_key, date_key, template_key
    HAVING count(*) FILTER (WHERE weeks > 0) >= 4
),
twice AS (
    SELECT account_key, date_key,
           count(*) AS templates,
           count(*) FILTER (WHERE requested BETWEEN 1.4 * usual AND 2.9 * usual) AS doubled
    FROM compared
    WHERE usual >= 20
    GROUP BY account_key, date_key
)
SELECT s.account_key,
       'requested' AS subject,
       'error'     AS severity,
       s.date_key,
       s.usual             AS expected,
       s.requested::float8 AS found,
       format('%s messages, %s times the middle of the weeks before, on %s of %s templates alike, and all %s numbers of the day are even',
              s.requested, round((s.requested / s.usual)::numeric, 2), w.doubled, w.templates, e.numbers) AS detail
FROM suspect AS s
JOIN even    AS e USING (account_key, date_key)
JOIN twice   AS w USING (account_key, date_key)
WHERE w.templates > 0
  AND w.doubled >= 0.8 * w.templates
