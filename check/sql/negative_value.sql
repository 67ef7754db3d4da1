, wrong AS (
    SELECT f.account_key, f.date_key, x.measure, min(x.value) AS value, count(*) AS rows
    FROM sms.fact_delivery_daily AS f
    CROSS JOIN LATERAL (VALUES
        ('requested', f.requested), ('accepted', f.accepted), ('processing_failed', f.processing_failed), ('delivered', f.delivered),
        ('send_failed', f.send_failed), ('pending', f.pending), ('billed_segments', f.billed_segments), ('vendor_sent', f.vendor_sent)
    ) AS x (measure, value)
    WHERE f.date_key >= $2
      AND f.account_key = ANY ($1)
      AND least(f.requested, f.accepted, f.processing_failed, f.delivered, f.send_failed, f.pending, f.billed_segments, f.vendor_sent) < 0
      AND x.value < 0
    GROUP BY f.account_key, f.date_key, x.measure
    UNION ALL
    SELECT f.account_key, f.date_key, 'failures', min(f.messages), count(*)
    FROM sms.fact_failure_daily AS f
    WHERE f.date_key >= $2
      AND f.account_key = ANY ($1)
      AND f.messages < 0
    GROUP BY f.account_key, f.date_key
)
SELECT account_key,
       measure AS subject,
       'error' AS severity,
       date_key,
       0::float8     AS expected,
       value::float8 AS found,
       format('%s is below 0 in %s rows, down to %s', measure, rows, value) AS detail
FROM wrong
