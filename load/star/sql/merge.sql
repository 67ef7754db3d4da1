-- The old images go to the history before they are overwritten.
INSERT INTO {history} (account_key, {keys|%s}, {measures|%s}, change, load_id, replaced_by)
SELECT {account}, {keys|%s}, {measures|old_%s}, change, old_load_id, {load}
FROM pg_temp.changed_{fact};

-- The days and the account are constants in the condition: without them the planner may read the whole fact.
MERGE INTO sms.fact_{fact} AS f
USING pg_temp.changed_{fact} AS c
   ON f.date_key BETWEEN {first} AND {last}
  AND f.account_key = {account}
  AND ({keys|f.%s}) = ({keys|c.%s})
WHEN MATCHED AND c.change = 'removed' THEN
    DELETE
WHEN MATCHED THEN
    UPDATE SET {measures|%[1]s = c.%[1]s}, load_id = {load}, restated_at = now()
WHEN NOT MATCHED THEN
    INSERT (account_key, {keys|%s}, {measures|%s}, load_id)
    VALUES ({account}, {keys|c.%s}, {measures|c.%s}, {load});
