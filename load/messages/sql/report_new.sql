-- The oldest pushes that nobody has looked at, as many as hold some thousands of reports.
SELECT p.received_at,
       p.hash,
       r.packed,
       r.size,
       p.push_id,
       p.reports
FROM (
    SELECT push_id,
           hash,
           received_at,
           reports,
           sum(reports) OVER (ORDER BY push_id) AS total
    FROM etl.huawei_push
    WHERE source = $1
      AND merged_at IS NULL
    ORDER BY push_id
    LIMIT $2
) AS p
JOIN etl.raw AS r ON r.hash = p.hash
WHERE p.total - p.reports < $2
ORDER BY p.push_id
