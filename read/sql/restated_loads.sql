-- The newest loads that changed something, until their rows are as many as are asked for: the view would find all changes and sort them.
SELECT l.load_id
FROM etl.load AS l
CROSS JOIN LATERAL (
    SELECT h.account_key
    FROM etl.delivery_history AS h
    WHERE h.replaced_by = l.load_id
      AND h.date_key BETWEEN $3 AND $4
    UNION ALL
    SELECT h.account_key
    FROM etl.failure_history AS h
    WHERE h.replaced_by = l.load_id
      AND h.date_key BETWEEN $3 AND $4
) AS h
WHERE l.loaded_at >= $6
  AND l.window_from <= $4 -- a load changes days of its window only, and most loads are of other days
  AND l.window_to   >= $3
  AND l.account_key = ANY (ARRAY(
      SELECT a.account_key
      FROM sms.dim_account AS a
      JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
      WHERE ($1 = '' OR v.vendor = $1)
        AND ($2 = '' OR a.account = $2)
  ))
ORDER BY l.loaded_at DESC, l.load_id DESC
LIMIT $5
