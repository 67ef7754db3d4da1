-- What has to be written so that the asked days hold what was staged, with the old numbers beside the new ones.
-- Nothing, for an answer that says what is stored.
CREATE TEMPORARY TABLE changed_{suffix} ON COMMIT DROP AS
SELECT {keys|coalesce(s.%[1]s, f.%[1]s) AS %[1]s},
       CASE WHEN f.date_key IS NULL THEN 'added'
            WHEN s.date_key IS NULL THEN 'removed'
            ELSE 'updated'
       END       AS change,
       f.load_id AS old_load_id,
       {measures|f.%[1]s AS old_%[1]s},
       {measures|s.%s}
FROM (
    SELECT {keys|f.%s}, f.load_id, {measures|f.%s}
    FROM sms.fact_{fact} AS f
    WHERE f.account_key = {account}
      AND {range}
      AND {reasons}
) AS f
{join} JOIN pg_temp.staged_{suffix} AS s
       ON ({keys|s.%s}) = ({keys|f.%s})
WHERE f.date_key IS NULL
   OR s.date_key IS NULL
   OR ({measures|f.%s}) IS DISTINCT FROM ({measures|s.%s});
