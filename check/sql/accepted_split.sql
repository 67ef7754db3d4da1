-- EngageLab may count what is still queued in its field sent alone, see sent_reading: where its data say so, these messages
-- are neither delivered, failed nor pending.
, reading AS (
    SELECT account_key,
           count(*) FILTER (WHERE requested = vendor_sent + processing_failed + delivered + send_failed + pending)
         > count(*) FILTER (WHERE vendor_sent = delivered + send_failed + pending) AS is_queue
    FROM day
    GROUP BY account_key
),
split AS (
    SELECT d.account_key, d.date_key, d.accepted, d.delivered, d.send_failed, d.pending,
           CASE WHEN r.is_queue THEN coalesce(d.vendor_sent, 0) ELSE 0 END AS queued
    FROM day     AS d
    JOIN reading AS r USING (account_key)
    WHERE d.is_in_sight
      AND d.vendor <> 'tencent' -- receipts
)
SELECT account_key,
       'accepted' AS subject,
       'error'    AS severity,
       date_key,
       accepted::float8                                     AS expected,
       (delivered + send_failed + pending + queued)::float8 AS found,
       format('accepted is %s, while delivered %s, send_failed %s, pending %s and queued %s make %s',
              accepted, delivered, send_failed, pending, queued, delivered + send_failed + pending + queued) AS detail
FROM split
WHERE abs(accepted - delivered - send_failed - pending - queued) > pending -- 0 on settled days
UNION ALL
SELECT account_key,
       'results',
       'error',
       date_key,
       accepted::float8,
       (delivered + send_failed)::float8,
       format('delivered %s and send_failed %s are more than accepted %s', delivered, send_failed, accepted)
FROM split
WHERE pending IS NULL
  AND delivered + send_failed > accepted
