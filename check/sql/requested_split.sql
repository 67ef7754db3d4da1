SELECT account_key,
       'requested' AS subject,
       'error'     AS severity,
       date_key,
       requested::float8                      AS expected,
       (accepted + processing_failed)::float8 AS found,
       format('requested is %s, while accepted %s and processing_failed %s make %s',
              requested, accepted, processing_failed, accepted + processing_failed) AS detail
FROM day
WHERE is_in_sight
  AND requested <> accepted + processing_failed
