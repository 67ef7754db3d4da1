SELECT dataset,
       date_key,
       state,
       reason,
       pending,
       messages,
       row_count,
       digest,
       coalesce(load_id, 0),
       loaded_at,
       confirmed_at,
       since,
       attempts,
       suspect_checksum,
       suspect_at,
       transform_version,
       changed_at,
       checked_at,
       evidence
FROM etl.coverage
WHERE account_key = $1
  AND dataset = ANY ($2)
  AND date_key BETWEEN $3 AND $4
