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
  -- An answer that said itself that rows are missing was asked for again in parts, which take its place.
  AND NOT EXISTS (
          SELECT
          FROM etl.fetch AS part
          WHERE part.load_id  = f.load_id
            AND part.dataset  = f.dataset
            AND part.refused  = ''
            AND part.fetch_id > f.fetch_id
            AND part.window_from >= f.window_from
            AND part.window_to   <= f.window_to
            AND part.window_to - part.window_from < f.window_to - f.window_from
      )
  AND ($2::date IS NULL OR $2 BETWEEN f.window_from AND f.window_to)
ORDER BY f.fetch_id
