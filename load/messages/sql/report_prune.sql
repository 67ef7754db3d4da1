-- Throws away the reports of some old pushes. A push that told of a message stays with its bytes: days rest on it. The others go.
WITH old AS (
    SELECT push_id
    FROM etl.huawei_push
    WHERE source = $1
      AND received_at < $2
      AND merged_at IS NOT NULL
      AND NOT is_settled
    ORDER BY received_at
    LIMIT $3
),
gone AS (
    DELETE FROM etl.huawei_report AS r
    USING old
    WHERE r.push_id = old.push_id
    RETURNING r.push_id, r.is_waiting
),
settled AS (
    UPDATE etl.huawei_push AS p
    SET is_settled = true
    WHERE p.push_id IN (SELECT push_id FROM gone WHERE NOT is_waiting)
    RETURNING 1
),
unused AS (
    DELETE FROM etl.huawei_push AS p
    USING old
    WHERE p.push_id = old.push_id
      AND p.push_id NOT IN (SELECT push_id FROM gone WHERE NOT is_waiting)
    RETURNING p.hash
)
SELECT (SELECT count(*) FROM old),
       (SELECT count(*) FROM gone),
       (SELECT coalesce(array_agg(hash), '{}') FROM unused)
