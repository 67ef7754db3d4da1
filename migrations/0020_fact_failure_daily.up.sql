-- Key, keys of others and triggers: as for sms.fact_delivery_daily.
CREATE TABLE sms.fact_failure_daily (
    date_key         date        NOT NULL,
    account_key      integer     NOT NULL,
    template_key     integer     NOT NULL,
    label_key        integer     NOT NULL,
    message_type_key integer     NOT NULL,
    reason_key       integer     NOT NULL,
    messages         bigint      NULL,
    load_id          bigint      NOT NULL,
    restated_at      timestamptz NULL,
    CONSTRAINT fact_failure_daily_pk              PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, reason_key),
    CONSTRAINT fact_failure_daily_date_fk         FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT fact_failure_daily_account_fk      FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT fact_failure_daily_template_fk     FOREIGN KEY (template_key) REFERENCES sms.dim_template (template_key),
    CONSTRAINT fact_failure_daily_label_fk        FOREIGN KEY (label_key) REFERENCES sms.dim_label (label_key),
    CONSTRAINT fact_failure_daily_message_type_fk FOREIGN KEY (message_type_key) REFERENCES sms.dim_message_type (message_type_key),
    CONSTRAINT fact_failure_daily_reason_fk       FOREIGN KEY (reason_key) REFERENCES sms.dim_failure_reason (reason_key),
    CONSTRAINT fact_failure_daily_load_fk         FOREIGN KEY (load_id) REFERENCES etl.load (load_id)
);

COMMENT ON TABLE  sms.fact_failure_daily                  IS 'rows. One for each vendor day, account, template, label, message type and failure reason. On a loaded day a reason without a row had no messages. Never join row to row with sms.fact_delivery_daily and sum: the grains differ.';
COMMENT ON COLUMN sms.fact_failure_daily.date_key         IS 'day. The vendor''s day of sending, in the zone of the account; sms.dim_date.';
COMMENT ON COLUMN sms.fact_failure_daily.account_key      IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.fact_failure_daily.template_key     IS 'key. The template, sms.dim_template.';
COMMENT ON COLUMN sms.fact_failure_daily.label_key        IS 'key. EngageLab label or Huawei signature, sms.dim_label.';
COMMENT ON COLUMN sms.fact_failure_daily.message_type_key IS 'key. The message type, sms.dim_message_type.';
COMMENT ON COLUMN sms.fact_failure_daily.reason_key       IS 'key. Why they failed, sms.dim_failure_reason.';
COMMENT ON COLUMN sms.fact_failure_daily.messages         IS 'messages. That failed for the reason. NULL when the vendor named the reason and did not tell the number.';
COMMENT ON COLUMN sms.fact_failure_daily.load_id          IS 'key. The load that wrote the row as it is, etl.load.';
COMMENT ON COLUMN sms.fact_failure_daily.restated_at      IS 'time. When the number of the row last changed. NULL when it never did.';
