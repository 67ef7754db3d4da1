-- A day that was changed or frozen since the survey began is not what was compared with the vendor's sums.
UPDATE etl.coverage
SET checked_at = $5
WHERE account_key = $1
  AND dataset = ANY ($2)
  AND date_key = ANY ($3)
  AND state IN ('provisional', 'final', 'empty', 'unverified')
  AND load_id < $4
