INSERT INTO etl.finding AS f
    (account_key, source, first_seen_at, last_seen_at, opened_at, changed_at,
     check_name, subject, severity, day, last_day, days, rows, expected, found, unit, tolerance, size, detail)
SELECT account_key, 'check', $1, $1, $1, $1,
       check_name, subject, severity, day, last_day, days, days, expected, found, unit, tolerance, size, detail
FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::integer[], $9::float8[], $10::float8[],
            $11::text[], $12::text[], $13::float8[], $14::text[])
     WITH ORDINALITY AS u (account_key, check_name, subject, severity, day, last_day, days, expected, found, unit, tolerance, size, detail, position)
ORDER BY position
ON CONFLICT (check_name, subject, account_key, datasets) DO UPDATE
SET last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
    severity     = excluded.severity,
    day          = excluded.day,
    last_day     = excluded.last_day,
    days         = excluded.days,
    rows         = excluded.rows,
    expected     = excluded.expected,
    found        = excluded.found,
    unit         = excluded.unit,
    tolerance    = excluded.tolerance,
    size         = excluded.size,
    detail       = excluded.detail,
    past         = CASE WHEN f.closed_at IS NOT NULL THEN '{}'
                        WHEN f.size <> excluded.size THEN (f.past || f.size)[greatest(cardinality(f.past) - 10, 1):]
                        ELSE f.past END,
    changed_at   = CASE WHEN f.closed_at IS NOT NULL OR f.size <> excluded.size THEN excluded.changed_at ELSE f.changed_at END,
    opened_at    = CASE WHEN f.closed_at IS NOT NULL THEN excluded.opened_at ELSE f.opened_at END,
    times_seen   = CASE WHEN f.closed_at IS NOT NULL THEN 1 ELSE f.times_seen + 1 END,
    times_opened = f.times_opened + (f.closed_at IS NOT NULL)::integer,
    closed_at    = NULL
