-- A message is at least one piece. That messages which failed are billed is no vendor's promise, so only delivered ones
-- make it a warning.
SELECT account_key,
       CASE WHEN billed_segments < delivered THEN 'delivered' ELSE 'accepted' END AS subject,
       CASE WHEN billed_segments < delivered THEN 'warning'   ELSE 'info'     END AS severity,
       date_key,
       CASE WHEN billed_segments < delivered THEN delivered ELSE accepted END::float8 AS expected,
       billed_segments::float8 AS found,
       format('%s segments are billed for %s accepted and %s delivered messages', billed_segments, accepted, delivered) AS detail
FROM day
WHERE is_in_sight
  AND billed_segments < greatest(accepted, delivered)
