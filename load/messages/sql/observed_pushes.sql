-- The pushes that are about messages ($4) by a moment. Of pushes whose reports were thrown away for their age nobody knows what they are
-- about: all that came since a time are looked at.
SELECT p.received_at, p.hash, r.packed, r.size
FROM etl.huawei_push AS p
JOIN etl.raw         AS r ON r.hash = p.hash
WHERE p.merged_at <= coalesce($2::timestamptz, 'infinity')
  AND p.push_id IN (
      SELECT push_id
      FROM etl.huawei_report
      WHERE source = $1
        AND message_id = ANY ($4)
      UNION ALL
      SELECT push_id
      FROM etl.huawei_push
      WHERE source = $1
        AND is_settled
        AND received_at >= $3
  )
ORDER BY p.push_id
