, line AS (
    SELECT c.account_key, c.dataset, c.date_key, c.row_count, c.checksum
    FROM etl.coverage AS c
    WHERE c.date_key >= $2
      AND c.account_key = ANY ($1)
),
stored AS (
    SELECT s.account_key, s.dataset, s.date_key, s.row_count, s.checksum
    FROM etl.stored_day AS s
    WHERE s.date_key >= $2
      AND s.account_key = ANY ($1)
)
SELECT account_key,
       dataset AS subject,
       'error' AS severity,
       date_key,
       coalesce(c.row_count, 0)::float8 AS expected,
       coalesce(s.row_count, 0)::float8 AS found,
       format('the ledger has %s rows (checksum %s), and %s (checksum %s) are stored',
              coalesce(c.row_count, 0), coalesce(c.checksum, 0), coalesce(s.row_count, 0), coalesce(s.checksum, 0)) AS detail
FROM line AS c
FULL JOIN stored AS s USING (account_key, dataset, date_key)
WHERE (coalesce(c.row_count, 0), coalesce(c.checksum, 0)) <> (coalesce(s.row_count, 0), coalesce(s.checksum, 0))
