-- As delivery_merge.sql.
INSERT INTO etl.failure_history
    (date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key, messages, change, load_id, replaced_by)
SELECT date_key, {account}, template_key, label_key, message_type_key, country_key, reason_key, old_messages, change, old_load_id, {load}
FROM pg_temp.changed_failure_daily;

MERGE INTO sms.fact_failure_daily AS f
USING pg_temp.changed_failure_daily AS c
   ON f.date_key BETWEEN {first} AND {last}
  AND f.account_key      = {account}
  AND f.date_key         = c.date_key
  AND f.template_key     = c.template_key
  AND f.label_key        = c.label_key
  AND f.message_type_key = c.message_type_key
  AND f.country_key      = c.country_key
  AND f.reason_key       = c.reason_key
WHEN MATCHED AND c.change = 'removed' THEN
    DELETE
WHEN MATCHED THEN
    UPDATE SET messages    = c.messages,
               load_id     = {load},
               restated_at = now()
WHEN NOT MATCHED THEN
    INSERT (date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key, messages, load_id)
    VALUES (c.date_key, {account}, c.template_key, c.label_key, c.message_type_key, c.country_key, c.reason_key, c.messages, {load});
