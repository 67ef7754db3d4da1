-- What an earlier check found and this one did not: its last_seen_at is not this check's.
UPDATE etl.finding AS f
SET closed_at = $1
WHERE f.check_name = ANY ($2)
  AND f.account_key = ANY ($3)
  AND f.source = 'check'
  AND f.closed_at IS NULL
  AND NOT f.finding_id = ANY ($4)
