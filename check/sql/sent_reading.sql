-- H1: sent is all that was handed on. H2: sent is what is still queued. Days on which both hold tell nothing.
, told AS (
    SELECT account_key, date_key, requested, processing_failed, delivered, send_failed, pending, vendor_sent,
           delivered + send_failed + pending AS results,
           vendor_sent = delivered + send_failed + pending AND requested = vendor_sent + processing_failed AS is_h1,
           requested = vendor_sent + processing_failed + delivered + send_failed + pending                 AS is_h2
    FROM day
    WHERE is_in_sight
      AND requested > 0
      AND vendor_sent + processing_failed + delivered + send_failed + pending IS NOT NULL
),
counted AS (
    SELECT *,
           count(*) FILTER (WHERE is_h1 AND NOT is_h2)     OVER whole AS h1,
           count(*) FILTER (WHERE is_h2 AND NOT is_h1)     OVER whole AS h2,
           count(*) FILTER (WHERE NOT is_h1 AND NOT is_h2) OVER whole AS neither
    FROM told
    WINDOW whole AS (PARTITION BY account_key)
)
SELECT account_key,
       'sent' AS subject,
       CASE WHEN NOT is_h1 AND NOT is_h2                THEN 'error'
            WHEN is_h1 AND h1 >= h2 OR is_h2 AND h2 > h1 THEN 'info'
            ELSE 'warning' END AS severity,
       date_key,
       CASE WHEN h1 >= h2 THEN results ELSE requested - processing_failed - results END::float8 AS expected,
       vendor_sent::float8 AS found,
       format('sent is %s, requested %s, processing_failed %s, delivered %s, send_failed %s, pending %s: days on which sent is all that was handed on %s, what is still queued %s, neither %s',
              vendor_sent, requested, processing_failed, delivered, send_failed, pending, h1, h2, neither) AS detail
FROM counted
WHERE NOT (is_h1 AND is_h2)
