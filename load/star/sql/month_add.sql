-- Brings the sums of months forward.
MERGE INTO sms.delivery_by_month_{month} AS t
USING ({rows}) AS s
   ON t.account_key  = {account}
  AND t.month_start  = s.month_start
  AND ({grain|t.%s}) = ({grain|s.%s})
WHEN MATCHED AND (t.row_count + s.row_count, t.rows_not_reported + s.rows_not_reported, {measures|coalesce(t.%[1]s + s.%[1]s, t.%[1]s, s.%[1]s)})
                 IS DISTINCT FROM (t.row_count, t.rows_not_reported, {measures|t.%s}) THEN
    UPDATE SET row_count         = t.row_count + s.row_count,
               rows_not_reported = t.rows_not_reported + s.rows_not_reported,
               {measures|%[1]s = coalesce(t.%[1]s + s.%[1]s, t.%[1]s, s.%[1]s)}
WHEN NOT MATCHED AND s.row_count > 0 THEN
    INSERT (month_start, account_key, {grain|%s}, row_count, rows_not_reported, {measures|%s})
    VALUES (s.month_start, {account}, {grain|s.%s}, s.row_count, s.rows_not_reported, {measures|s.%s})
