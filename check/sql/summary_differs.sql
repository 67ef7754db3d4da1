, fact AS (
    SELECT f.date_key, f.account_key,
           count(*)                 AS row_count,
           count(*) FILTER (WHERE num_nulls(f.requested, f.delivered, f.processing_failed, f.send_failed) > 0) AS rows_not_reported,
           sum(f.requested)         AS requested,
           sum(f.accepted)          AS accepted,
           sum(f.processing_failed) AS processing_failed,
           sum(f.delivered)         AS delivered,
           sum(f.send_failed)       AS send_failed,
           sum(f.pending)           AS pending,
           sum(f.billed_segments)   AS billed_segments,
           sum(f.vendor_sent)       AS vendor_sent
    FROM sms.fact_delivery_daily AS f
    WHERE f.date_key >= $2
      AND f.account_key = ANY ($1)
    GROUP BY f.date_key, f.account_key
),
by_day AS (
    SELECT s.*
    FROM sms.delivery_by_day AS s
    WHERE s.date_key >= $2
      AND s.account_key = ANY ($1)
),
failure AS (
    SELECT f.date_key, f.account_key, f.reason_key,
           count(*)                                   AS row_count,
           count(*) FILTER (WHERE f.messages IS NULL) AS rows_not_reported,
           sum(f.messages)                            AS messages
    FROM sms.fact_failure_daily AS f
    WHERE f.date_key >= $2
      AND f.account_key = ANY ($1)
    GROUP BY f.date_key, f.account_key, f.reason_key
),
by_reason AS (
    SELECT s.*
    FROM sms.failure_by_day AS s
    WHERE s.date_key >= $2
      AND s.account_key = ANY ($1)
),
-- Whole months only: of the first one the days before the first day in sight are not read.
month AS (
    SELECT s.account_key, date_trunc('month', s.date_key::timestamp)::date AS date_key,
           sum(s.row_count) AS row_count, sum(s.rows_not_reported) AS rows_not_reported, sum(s.requested) AS requested, sum(s.delivered) AS delivered, sum(s.billed_segments) AS billed_segments
    FROM sms.delivery_by_day AS s
    WHERE s.date_key >= date_trunc('month', $2::timestamp)
      AND s.account_key = ANY ($1)
    GROUP BY 1, 2
),
by_month AS (
    SELECT s.name, s.account_key, s.month_start AS date_key,
           sum(s.row_count) AS row_count, sum(s.rows_not_reported) AS rows_not_reported, sum(s.requested) AS requested, sum(s.delivered) AS delivered, sum(s.billed_segments) AS billed_segments
    FROM (SELECT 'delivery_by_month_template' AS name, account_key, month_start, row_count, rows_not_reported, requested, delivered, billed_segments
          FROM sms.delivery_by_month_template
          UNION ALL
          SELECT 'delivery_by_month_label', account_key, month_start, row_count, rows_not_reported, requested, delivered, billed_segments
          FROM sms.delivery_by_month_label) AS s
    WHERE s.month_start >= date_trunc('month', $2::timestamp)
      AND s.account_key = ANY ($1)
    GROUP BY 1, 2, 3
),
delivery_time AS (
    SELECT t.date_key, t.account_key, sum(t.early + t.untimed + (SELECT sum(n) FROM unnest(t.counts) AS n)) AS delivered
    FROM sms.delivery_time_by_day AS t
    WHERE t.date_key >= $2
      AND t.account_key = ANY ($1)
    GROUP BY t.date_key, t.account_key
)
SELECT account_key,
       'delivery_by_day' AS subject,
       'error'           AS severity,
       date_key,
       f.requested::float8 AS expected,
       s.requested::float8 AS found,
       format('%s rows with %s requested and %s delivered are stored, and %s with %s and %s summed up',
              coalesce(f.row_count, 0), f.requested, f.delivered, coalesce(s.row_count, 0), s.requested, s.delivered) AS detail
FROM fact AS f
FULL JOIN by_day AS s USING (account_key, date_key)
WHERE (f.row_count, f.rows_not_reported, f.requested, f.accepted, f.processing_failed, f.delivered, f.send_failed, f.pending, f.billed_segments, f.vendor_sent)
      IS DISTINCT FROM
      (s.row_count, s.rows_not_reported, s.requested, s.accepted, s.processing_failed, s.delivered, s.send_failed, s.pending, s.billed_segments, s.vendor_sent)
UNION ALL
SELECT account_key,
       name,
       'error',
       date_key,
       m.requested::float8,
       s.requested::float8,
       format('the days of the month have %s rows with %s requested and %s delivered, and the sums by month %s with %s and %s',
              coalesce(m.row_count, 0), m.requested, m.delivered, coalesce(s.row_count, 0), s.requested, s.delivered)
FROM (month CROSS JOIN (VALUES ('delivery_by_month_template'), ('delivery_by_month_label')) AS n (name)) AS m
FULL JOIN by_month AS s USING (account_key, date_key, name)
WHERE (m.row_count, m.rows_not_reported, m.requested, m.delivered, m.billed_segments)
      IS DISTINCT FROM
      (s.row_count, s.rows_not_reported, s.requested, s.delivered, s.billed_segments)
UNION ALL
SELECT account_key,
       'failure_by_day',
       'error',
       date_key,
       f.messages::float8,
       s.messages::float8,
       format('%s rows with %s failed messages of a reason are stored, and %s with %s summed up',
              coalesce(f.row_count, 0), f.messages, coalesce(s.row_count, 0), s.messages)
FROM failure AS f
FULL JOIN by_reason AS s USING (account_key, date_key, reason_key)
WHERE (f.row_count, f.rows_not_reported, f.messages) IS DISTINCT FROM (s.row_count, s.rows_not_reported, s.messages)
UNION ALL
SELECT account_key,
       'delivery_time_by_day',
       'error',
       date_key,
       f.delivered::float8,
       s.delivered::float8,
       format('%s delivered messages are stored, and %s by the time that they took', coalesce(f.delivered, 0), s.delivered)
FROM delivery_time AS s
LEFT JOIN fact     AS f USING (account_key, date_key)
WHERE s.delivered IS DISTINCT FROM f.delivered
UNION ALL
SELECT account_key,
       'coverage_by_month',
       'error',
       month_start,
       c.days::float8,
       m.days::float8,
       format('%s days of the month have a line in the ledger, %s of them settled, and %s and %s are summed up',
              coalesce(c.days, 0), coalesce(c.settled, 0), coalesce(m.days, 0), coalesce(m.settled, 0))
FROM (
    SELECT account_key, date_trunc('month', date_key::timestamp)::date AS month_start, dataset, count(*) AS days,
           count(*) FILTER (WHERE state IN ('final', 'empty')) AS settled, count(*) FILTER (WHERE state = 'final') AS final
    FROM etl.coverage
    WHERE date_key >= date_trunc('month', $2::timestamp)
      AND account_key = ANY ($1)
    GROUP BY 1, 2, 3
) AS c
FULL JOIN (
    SELECT account_key, month_start, dataset, days, final + empty AS settled, final
    FROM etl.coverage_by_month
    WHERE month_start >= date_trunc('month', $2::timestamp)
      AND account_key = ANY ($1)
      AND days > 0
) AS m USING (account_key, month_start, dataset)
WHERE (c.days, c.settled, c.final) IS DISTINCT FROM (m.days, m.settled, m.final)
