SELECT f.dataset,
       f.window_from,
       f.window_to,
       f.method,
       f.url,
       f.action,
       f.body,
       f.fetched_at,
       f.status,
       f.request_id,
       r.hash,
       r.packed,
       r.size,
       r.pruned_at
FROM etl.fetch AS f
JOIN etl.raw   AS r ON r.hash = f.hash
WHERE f.load_id = $1
  AND f.refused = ''
  AND ($2::date IS NULL OR $2 BETWEEN f.window_from AND f.window_to)
ORDER BY f.fetch_id
