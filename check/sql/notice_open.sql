-- What is wrong gets a line, unless it has an open one.
INSERT INTO etl.notice (kind, subject, day, detail, first_at, due_at)
SELECT kind, subject, day, detail, $1, greatest(due_at, $1)
FROM unnest($2::text[], $3::text[], $4::date[], $5::text[], $6::timestamptz[]) AS u (kind, subject, day, detail, due_at)
ORDER BY kind, subject, day
ON CONFLICT (kind, subject, day) WHERE resolved_at IS NULL DO NOTHING
