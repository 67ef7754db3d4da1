-- What an open finding was seen on outside of the load's window ($10, $11) still holds there.
INSERT INTO etl.finding AS f
    (account_key, load_id, source, datasets, first_seen_at, last_seen_at, opened_at, changed_at, check_name, subject, severity,
     day, last_day, seen_on, detail, rows, size)
SELECT $1, $2, 'load', $13::text[], $3, $3, $3, $3, check_name, subject, severity,
       day, last_day, CASE WHEN day IS NOT NULL THEN datemultirange(daterange(day, last_day, '[]')) END, detail, rows, rows
FROM unnest($4::text[], $5::text[], $6::text[], $7::date[], $12::date[], $8::text[], $9::bigint[])
     WITH ORDINALITY AS u (check_name, subject, severity, day, last_day, detail, rows, position)
-- What a check looks after is the check's to tell.
WHERE NOT EXISTS (
    SELECT
    FROM etl.finding AS o
    WHERE o.check_name = u.check_name
      AND o.subject = u.subject
      AND o.account_key = $1
      AND o.source = 'check'
      AND o.closed_at IS NULL
)
ORDER BY position
ON CONFLICT (check_name, subject, account_key, datasets) DO UPDATE
SET load_id      = excluded.load_id,
    last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
    severity     = excluded.severity,
    seen_on      = CASE WHEN f.closed_at IS NULL AND f.seen_on IS NOT NULL AND excluded.day IS NOT NULL
                        THEN f.seen_on - datemultirange(daterange($10, $11, '[]')) + excluded.seen_on ELSE excluded.seen_on END,
    day          = CASE WHEN f.closed_at IS NULL AND f.seen_on IS NOT NULL AND excluded.day IS NOT NULL
                        THEN lower(f.seen_on - datemultirange(daterange($10, $11, '[]')) + excluded.seen_on) ELSE excluded.day END,
    last_day     = CASE WHEN f.closed_at IS NULL AND f.seen_on IS NOT NULL AND excluded.day IS NOT NULL
                        THEN upper(f.seen_on - datemultirange(daterange($10, $11, '[]')) + excluded.seen_on) - 1 ELSE excluded.last_day END,
    detail       = excluded.detail,
    rows         = excluded.rows,
    size         = excluded.size,
    past         = CASE WHEN f.closed_at IS NOT NULL  THEN '{}'
                        WHEN f.size <> excluded.size  THEN (f.past || f.size)[greatest(cardinality(f.past) - 10, 1):]
                        ELSE f.past END,
    changed_at   = CASE WHEN f.closed_at IS NOT NULL OR f.size <> excluded.size THEN excluded.changed_at ELSE f.changed_at END,
    opened_at    = CASE WHEN f.closed_at IS NOT NULL THEN excluded.opened_at ELSE f.opened_at END,
    times_seen   = CASE WHEN f.closed_at IS NOT NULL THEN 1 ELSE f.times_seen + 1 END,
    times_opened = f.times_opened + (f.closed_at IS NOT NULL)::integer,
    closed_at    = NULL
