-- The old images go to the history before they are overwritten.
INSERT INTO {history} (account_key, {keys|%s}, {measures|%s}, change, load_id, replaced_by)
SELECT {account}, {keys|%s}, {measures|old_%s}, change, old_load_id, {load}
FROM pg_temp.changed_{suffix};

-- By equality alone, so that the planner looks each row up: a range of days, of which it expects a few rows after a first load,
-- would tempt it into reading the range once for each of them.
MERGE INTO sms.fact_{fact} AS f
USING pg_temp.changed_{suffix} AS c
   ON f.account_key = {account}
  AND ({keys|f.%s}) = ({keys|c.%s})
WHEN MATCHED AND c.change = 'removed' THEN
    DELETE
WHEN MATCHED THEN
    UPDATE SET {measures|%[1]s = c.%[1]s}, load_id = {load}, restated_at = now()
WHEN NOT MATCHED THEN
    INSERT (account_key, {keys|%s}, {measures|%s}, load_id)
    VALUES ({account}, {keys|c.%s}, {measures|c.%s}, {load});
