-- Fails while rows that differ in their country only are stored: without it they would be one row.

ALTER TABLE etl.failure_history
    DROP CONSTRAINT failure_history_pk;
ALTER TABLE etl.failure_history
    DROP COLUMN country_key,
    ADD CONSTRAINT failure_history_pk PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, reason_key, replaced_by);

ALTER TABLE etl.delivery_history
    DROP CONSTRAINT delivery_history_pk;
ALTER TABLE etl.delivery_history
    DROP COLUMN country_key,
    ADD CONSTRAINT delivery_history_pk PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, replaced_by);

ALTER TABLE sms.fact_failure_daily
    DROP CONSTRAINT fact_failure_daily_pk;
ALTER TABLE sms.fact_failure_daily
    DROP COLUMN country_key,
    ADD CONSTRAINT fact_failure_daily_pk PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, reason_key);

ALTER TABLE sms.fact_delivery_daily
    DROP CONSTRAINT fact_delivery_daily_pk;
ALTER TABLE sms.fact_delivery_daily
    DROP COLUMN country_key,
    ADD CONSTRAINT fact_delivery_daily_pk PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key);

COMMENT ON TABLE  sms.fact_delivery_daily                   IS 'rows. One for each vendor day, account, template, label and message type. A measure that the vendor does not report is NULL, which is not 0; sms.metric_support says which.';
COMMENT ON TABLE  sms.fact_failure_daily                  IS 'rows. One for each vendor day, account, template, label, message type and failure reason. On a loaded day a reason without a row had no messages. Never join row to row with sms.fact_delivery_daily and sum: the grains differ.';
