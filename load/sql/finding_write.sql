-- A finding that is open and lies partly outside the load's window ($10, $11) still holds there: its days are put together.
INSERT INTO etl.finding AS f
    (account_key, load_id, source, first_seen_at, last_seen_at, opened_at, changed_at, check_name, subject, severity, day, last_day, detail, rows, size)
SELECT $1, $2, 'load', $3, $3, $3, $3, check_name, subject, severity, day, last_day, detail, rows, rows
FROM unnest($4::text[], $5::text[], $6::text[], $7::date[], $12::date[], $8::text[], $9::bigint[])
     WITH ORDINALITY AS u (check_name, subject, severity, day, last_day, detail, rows, position)
ORDER BY position
ON CONFLICT (check_name, subject, account_key) DO UPDATE
SET load_id      = excluded.load_id,
    source       = excluded.source,
    last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
    severity     = excluded.severity,
    day          = CASE WHEN f.closed_at IS NULL AND excluded.day IS NOT NULL AND f.day < $10 THEN f.day ELSE excluded.day END,
    last_day     = CASE WHEN f.closed_at IS NULL AND excluded.day IS NOT NULL AND f.last_day > $11 THEN f.last_day ELSE excluded.last_day END,
    days         = NULL,
    expected     = NULL,
    found        = NULL,
    unit         = NULL,
    tolerance    = NULL,
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
WHERE f.closed_at IS NOT NULL OR f.source = 'load' -- what a check looks after is the check's to write
