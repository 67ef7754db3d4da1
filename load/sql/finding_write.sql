INSERT INTO etl.finding AS f
    (account_key, load_id, first_seen_at, last_seen_at, check_name, subject, severity, day, detail, rows)
SELECT $1, $2, $3, $3, check_name, subject, severity, day, detail, rows
FROM unnest($4::text[], $5::text[], $6::text[], $7::date[], $8::text[], $9::bigint[])
     WITH ORDINALITY AS u (check_name, subject, severity, day, detail, rows, position)
ORDER BY position
ON CONFLICT (check_name, subject, account_key) DO UPDATE
SET load_id      = excluded.load_id,
    last_seen_at = greatest(f.last_seen_at, excluded.last_seen_at),
    severity     = excluded.severity,
    day          = excluded.day,
    detail       = excluded.detail,
    rows         = excluded.rows,
    closed_at    = NULL
