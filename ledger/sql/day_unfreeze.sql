-- A day that was missing has no line.
WITH missing AS (
    DELETE FROM etl.coverage
    WHERE account_key = $1
      AND dataset = ANY ($2)
      AND date_key BETWEEN $3 AND $4
      AND was_state = 'missing'
    RETURNING date_key
),
restored AS (
    UPDATE etl.coverage
    SET state      = was_state,
        reason     = was_reason,
        since      = $5,
        was_state  = NULL,
        was_reason = NULL
    WHERE account_key = $1
      AND dataset = ANY ($2)
      AND date_key BETWEEN $3 AND $4
      AND was_state <> 'missing'
    RETURNING date_key
)
SELECT count(*)
FROM (SELECT date_key FROM missing UNION SELECT date_key FROM restored) AS changed
