-- Rows that are there already come from vendors which never tell the country.

ALTER TABLE sms.fact_delivery_daily
    ADD COLUMN country_key integer NOT NULL DEFAULT -3;
ALTER TABLE sms.fact_delivery_daily
    ALTER COLUMN country_key DROP DEFAULT,
    DROP CONSTRAINT fact_delivery_daily_pk,
    ADD CONSTRAINT fact_delivery_daily_pk         PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, country_key),
    ADD CONSTRAINT fact_delivery_daily_country_fk FOREIGN KEY (country_key) REFERENCES sms.dim_country (country_key);

COMMENT ON COLUMN sms.fact_delivery_daily.country_key IS 'key. Where the messages went to, sms.dim_country.';

ALTER TABLE sms.fact_failure_daily
    ADD COLUMN country_key integer NOT NULL DEFAULT -3;
ALTER TABLE sms.fact_failure_daily
    ALTER COLUMN country_key DROP DEFAULT,
    DROP CONSTRAINT fact_failure_daily_pk,
    ADD CONSTRAINT fact_failure_daily_pk         PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key),
    ADD CONSTRAINT fact_failure_daily_country_fk FOREIGN KEY (country_key) REFERENCES sms.dim_country (country_key);

COMMENT ON COLUMN sms.fact_failure_daily.country_key IS 'key. Where the messages went to, sms.dim_country.';

ALTER TABLE etl.delivery_history
    ADD COLUMN country_key integer NOT NULL DEFAULT -3;
ALTER TABLE etl.delivery_history
    ALTER COLUMN country_key DROP DEFAULT,
    DROP CONSTRAINT delivery_history_pk,
    ADD CONSTRAINT delivery_history_pk         PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, country_key, replaced_by),
    ADD CONSTRAINT delivery_history_country_fk FOREIGN KEY (country_key) REFERENCES sms.dim_country (country_key);

COMMENT ON COLUMN etl.delivery_history.country_key IS 'key. As in the fact, sms.dim_country.';

ALTER TABLE etl.failure_history
    ADD COLUMN country_key integer NOT NULL DEFAULT -3;
ALTER TABLE etl.failure_history
    ALTER COLUMN country_key DROP DEFAULT,
    DROP CONSTRAINT failure_history_pk,
    ADD CONSTRAINT failure_history_pk         PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key, replaced_by),
    ADD CONSTRAINT failure_history_country_fk FOREIGN KEY (country_key) REFERENCES sms.dim_country (country_key);

COMMENT ON COLUMN etl.failure_history.country_key IS 'key. As in the fact, sms.dim_country.';

COMMENT ON TABLE sms.fact_delivery_daily IS 'rows. One for each vendor day, account, template, label, message type and country. A measure that the vendor does not report is NULL, which is not 0; sms.metric_support says which.';
COMMENT ON TABLE sms.fact_failure_daily  IS 'rows. One for each vendor day, account, template, label, message type, country and failure reason. On a loaded day a reason without a row had no messages. Never join row to row with sms.fact_delivery_daily and sum: the grains differ.';
