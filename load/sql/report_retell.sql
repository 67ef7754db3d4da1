-- The pushes that told of the messages of a rebuild (message_told) by a moment. Of pushes whose reports were thrown away for their age
-- nobody knows of what they told: all that came since the first of the days are looked at.
SELECT p.push_id,
       p.hash,
       p.received_at
FROM etl.huawei_push AS p
WHERE p.source = $1
  AND p.merged_at <= coalesce($2::timestamptz, 'infinity')
  AND (p.is_settled AND p.received_at >= $3
    OR p.push_id IN (
           SELECT r.push_id
           FROM etl.huawei_report AS r
           WHERE r.source = $1
             AND r.message_id IN (SELECT message_id FROM message_told)
       ))
ORDER BY p.push_id
