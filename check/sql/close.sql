-- What an earlier check found and this one ($4) did not, and what a load had found before the check looked after it.
UPDATE etl.finding AS f
SET closed_at = $1
WHERE f.check_name = ANY ($2)
  AND f.account_key = ANY ($3)
  AND f.closed_at IS NULL
  AND CASE f.source
          WHEN 'check' THEN NOT f.finding_id = ANY ($4)
          ELSE EXISTS (
              SELECT
              FROM etl.finding AS c
              WHERE c.finding_id = ANY ($4)
                AND c.check_name = f.check_name
                AND c.subject = f.subject
                AND c.account_key = f.account_key
          )
      END
