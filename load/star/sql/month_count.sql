-- Sums of months counted again from the facts.
MERGE INTO sms.delivery_by_month_template AS t
USING (
    SELECT d.month_start, d.template_key, a.row_count, a.rows_not_reported, {measures|a.%s}
    FROM pg_temp.month_{suffix} AS d
    LEFT JOIN (
        SELECT date_trunc('month', f.date_key::timestamp)::date AS month_start, -- half the time of a join with the calendar
               f.template_key,
               count(*) AS row_count,
               count(*) FILTER (WHERE num_nulls(f.requested, f.delivered, f.processing_failed, f.send_failed) > 0) AS rows_not_reported,
               {measures|sum(f.%[1]s)::bigint AS %[1]s}
        FROM sms.fact_delivery_daily AS f
        WHERE f.date_key BETWEEN {first} AND {last}
          AND f.account_key = {account}
        GROUP BY 1, 2
    ) AS a ON a.month_start = d.month_start AND a.template_key = d.template_key
    WHERE d.is_unclear
) AS s
   ON t.account_key  = {account}
  AND t.month_start  = s.month_start
  AND t.template_key = s.template_key
WHEN MATCHED AND s.row_count IS NULL THEN
    DELETE
WHEN MATCHED AND (t.row_count, t.rows_not_reported, {measures|t.%s}) IS DISTINCT FROM (s.row_count, s.rows_not_reported, {measures|s.%s}) THEN
    UPDATE SET row_count         = s.row_count,
               rows_not_reported = s.rows_not_reported,
               {measures|%[1]s = s.%[1]s}
WHEN NOT MATCHED AND s.row_count IS NOT NULL THEN
    INSERT (month_start, account_key, template_key, row_count, rows_not_reported, {measures|%s})
    VALUES (s.month_start, {account}, s.template_key, s.row_count, s.rows_not_reported, {measures|s.%s})
