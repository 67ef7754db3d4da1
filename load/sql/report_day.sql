-- The reports that could have decided about messages of a day ($2) when it was believed ($3): of those whose export knew no result, or
-- an older one.
SELECT r.message_id, r.piece, r.pieces, r.is_signed, r.outcome, r.code, r.status_source, r.reported_at, r.told_at, r.position, p.hash
FROM etl.huawei_report AS r
JOIN etl.huawei_push   AS p ON p.push_id = r.push_id
JOIN sms.dim_account   AS a ON a.source = r.source
WHERE a.account_key = $1
  AND p.merged_at <= $3
  AND EXISTS (
      SELECT
      FROM etl.huawei_message AS m
      WHERE m.account_key = $1
        AND m.date_key = $2
        AND m.message_id = r.message_id
        AND (m.outcome = 1 OR m.reported_at IS NULL OR r.reported_at > m.reported_at)
  )
ORDER BY r.push_id, r.position
