SELECT f.fetch_id,
       f.load_id,
       v.vendor,
       a.account,
       l.zone,
       f.dataset,
       f.window_from,
       f.window_to,
       f.method,
       f.url,
       f.action,
       f.body,
       f.status,
       f.request_id,
       f.fetched_at,
       f.refused,
       coalesce(f.hash, ''),
       coalesce(r.size, 0),
       coalesce(octet_length(r.packed), 0),
       r.pruned_at,
       l.outcome,
       l.loaded_at,
       CASE WHEN $10 THEN r.packed END
FROM etl.fetch       AS f
JOIN etl.load        AS l ON l.load_id     = f.load_id
JOIN sms.dim_account AS a ON a.account_key = l.account_key
JOIN sms.dim_vendor  AS v ON v.vendor_key  = a.vendor_key
LEFT JOIN etl.raw    AS r ON r.hash        = f.hash
WHERE ($1::date IS NULL OR f.window_from <= $9::date AND f.window_to >= $1)
  AND ($2::text   = '' OR a.account  = $2)
  AND ($3::text   = '' OR v.vendor   = $3)
  AND ($4::text   = '' OR f.dataset  = $4)
  AND ($5::bigint = 0  OR f.load_id  = $5)
  AND ($6::bigint = 0  OR f.fetch_id = $6)
  AND ($7::bytea IS NULL OR f.hash BETWEEN $7 AND $8)
  AND (NOT $10 OR f.refused = '' AND f.hash IS NOT NULL
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
           ))
ORDER BY f.fetch_id
