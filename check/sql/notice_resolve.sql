-- What is no longer wrong is over; when nobody was told of it, nobody is told that it is over.
UPDATE etl.notice AS n
SET resolved_at = greatest($1, n.first_at),
    due_at      = $1,
    attempts    = 0,
    closed_at   = CASE WHEN n.sent_at IS NULL AND n.claimed_at IS NULL THEN greatest($1, n.first_at) END
WHERE n.resolved_at IS NULL
  AND NOT EXISTS (
      SELECT
      FROM unnest($2::text[], $3::text[], $4::date[]) AS u (kind, subject, day)
      WHERE u.kind = n.kind
        AND u.subject = n.subject
        AND u.day IS NOT DISTINCT FROM n.day
  )
