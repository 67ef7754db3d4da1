SELECT c.dataset,
       c.state,
       c.reason,
       c.pending,
       c.row_count,
       coalesce(c.load_id, 0),
       c.since,
       c.loaded_at,
       c.confirmed_at,
       c.attempts,
       coalesce(c.transform_version, 0),
       coalesce(b.believed_by, 0),
       coalesce(b.answered_by, 0)
FROM etl.coverage AS c
LEFT JOIN etl.believed_day AS b
       ON b.account_key = c.account_key
      AND b.dataset     = c.dataset
      AND b.date_key    = c.date_key
WHERE c.account_key = $1
  AND c.date_key    = $2
ORDER BY c.dataset
