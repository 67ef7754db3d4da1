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
ORDER BY f.fetch_id
