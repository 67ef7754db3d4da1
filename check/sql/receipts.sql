-- Tencent tells in one call how many submissions succeeded, and in another how many of them it has receipts for. The stored
-- pending is that other call's rest, so delivered + send_failed + pending is its own number of successful submissions.
SELECT account_key,
       'submissions' AS subject,
       'warning'     AS severity,
       date_key,
       accepted::float8                            AS expected,
       (delivered + send_failed + pending)::float8 AS found,
       format('%s submissions succeeded by the send statistics and %s by the receipts', accepted, delivered + send_failed + pending) AS detail
FROM day
WHERE is_in_sight
  AND vendor = 'tencent'
  AND is_settled
  AND abs(accepted - delivered - send_failed - pending) > greatest(1, 0.001 * accepted)
UNION ALL
SELECT account_key,
       'receipts',
       'error',
       date_key,
       accepted::float8,
       (delivered + send_failed)::float8,
       format('delivered %s and send_failed %s are more receipts than the %s submissions that succeeded', delivered, send_failed, accepted)
FROM day
WHERE is_in_sight
  AND vendor = 'tencent'
  AND delivered + send_failed > accepted
