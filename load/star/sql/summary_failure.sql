-- Sums of whole days of one account by reason, as the loader added them up, of the reasons that the load replaces. A row that
-- already says the same is not written.
MERGE INTO sms.failure_by_day AS t
USING (
    SELECT coalesce(a.date_key,   e.date_key)   AS date_key,
           coalesce(a.reason_key, e.reason_key) AS reason_key,
           a.row_count,
           a.rows_not_reported,
           a.messages
    FROM unnest({day_of_sums}, $1::int[], $2::bigint[], $3::bigint[], $4::bigint[])
         AS a (date_key, reason_key, row_count, rows_not_reported, messages)
    FULL JOIN (
        SELECT f.date_key, f.reason_key
        FROM sms.failure_by_day AS f
        WHERE f.date_key BETWEEN {first} AND {last}
          AND f.date_key = ANY ({days})
          AND f.account_key = {account}
          AND {reasons}
    ) AS e ON e.date_key = a.date_key AND e.reason_key = a.reason_key
) AS s
   ON t.date_key BETWEEN {first} AND {last}
  AND t.account_key = {account}
  AND t.date_key    = s.date_key
  AND t.reason_key  = s.reason_key
WHEN MATCHED AND s.row_count IS NULL THEN
    DELETE
WHEN MATCHED AND (t.row_count, t.rows_not_reported, t.messages) IS DISTINCT FROM (s.row_count, s.rows_not_reported, s.messages) THEN
    UPDATE SET row_count         = s.row_count,
               rows_not_reported = s.rows_not_reported,
               messages          = s.messages
WHEN NOT MATCHED AND s.row_count IS NOT NULL THEN
    INSERT (date_key, account_key, reason_key, row_count, rows_not_reported, messages)
    VALUES (s.date_key, {account}, s.reason_key, s.row_count, s.rows_not_reported, s.messages)
