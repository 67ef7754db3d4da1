-- Answers that nobody needs: every load that was told them is of a source with a retention, is over, lies beyond it, and is
-- neither what a day rests on, nor what was doubted last, nor a probe. A day that is counted from messages rests on every file
-- that ever told of them. Answers that no line of etl.fetch points at belong to somebody else.
WITH needed AS MATERIALIZED (
    SELECT answered_by AS load_id
    FROM etl.believed_day
    UNION
    SELECT load_id
    FROM etl.coverage
    WHERE load_id IS NOT NULL
      AND (state = 'quarantined' OR suspect_at IS NOT NULL)
    UNION
    SELECT load_id
    FROM etl.probe
    UNION
    SELECT load_id
    FROM etl.load
    WHERE origin = 'import'
      AND loaded_at IS NOT NULL
)
SELECT r.hash,
       octet_length(r.packed),
       r.size
FROM etl.raw AS r
WHERE r.packed IS NOT NULL
  AND r.hash > $3
  AND ($4::bytea[] IS NULL OR r.hash = ANY ($4))
  AND EXISTS (SELECT FROM etl.fetch AS f WHERE f.hash = r.hash)
  AND NOT EXISTS (
      SELECT
      FROM etl.fetch       AS f
      JOIN etl.load        AS l ON l.load_id     = f.load_id
      JOIN sms.dim_account AS a ON a.account_key = l.account_key
      LEFT JOIN unnest($1::text[], $2::timestamptz[]) AS k (source, before) ON k.source = a.source
      WHERE f.hash = r.hash
        AND (k.before IS NULL
          OR f.fetched_at >= k.before
          OR l.outcome = 'running'
          OR l.load_id IN (SELECT load_id FROM needed))
  )
ORDER BY r.hash
LIMIT $5
