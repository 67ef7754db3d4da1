-- Sums of months counted again from the facts.
MERGE INTO sms.delivery_by_month_{month} AS t
USING (
    SELECT d.month_start, {grain|d.%s}, a.row_count, a.rows_not_reported, {measures|a.%s}
    FROM pg_temp.{month}_{suffix} AS d
    LEFT JOIN (
        SELECT date_trunc('month', f.date_key::timestamp)::date AS month_start, -- half the time of a join with the calendar
               {grain|f.%s},
               count(*) AS row_count,
               count(*) FILTER (WHERE num_nulls(f.requested, f.delivered, f.processing_failed, f.send_failed) > 0) AS rows_not_reported,
               {measures|sum(f.%[1]s)::bigint AS %[1]s}
        FROM sms.fact_delivery_daily AS f
        WHERE f.date_key BETWEEN {first} AND {last}
          AND f.account_key = {account}
        GROUP BY 1, {grain|f.%s}
    ) AS a ON a.month_start = d.month_start AND ({grain|a.%s}) = ({grain|d.%s})
    WHERE d.is_unclear
) AS s
   ON t.account_key  = {account}
  AND t.month_start  = s.month_start
  AND ({grain|t.%s}) = ({grain|s.%s})
WHEN MATCHED AND s.row_count IS NULL THEN
    DELETE
WHEN MATCHED AND (t.row_count, t.rows_not_reported, {measures|t.%s}) IS DISTINCT FROM (s.row_count, s.rows_not_reported, {measures|s.%s}) THEN
    UPDATE SET row_count         = s.row_count,
               rows_not_reported = s.rows_not_reported,
               {measures|%[1]s = s.%[1]s}
WHEN NOT MATCHED AND s.row_count IS NOT NULL THEN
    INSERT (month_start, account_key, {grain|%s}, row_count, rows_not_reported, {measures|%s})
    VALUES (s.month_start, {account}, {grain|s.%s}, s.row_count, s.rows_not_reported, {measures|s.%s})
