CREATE TABLE sms.delivery_by_day (
    date_key          date    NOT NULL,
    account_key       integer NOT NULL,
    row_count         bigint  NOT NULL,
    requested         bigint  NULL,
    accepted          bigint  NULL,
    processing_failed bigint  NULL,
    delivered         bigint  NULL,
    send_failed       bigint  NULL,
    pending           bigint  NULL,
    billed_segments   bigint  NULL,
    vendor_sent       bigint  NULL,
    CONSTRAINT delivery_by_day_pk         PRIMARY KEY (date_key, account_key),
    CONSTRAINT delivery_by_day_date_fk    FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT delivery_by_day_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key)
);

COMMENT ON TABLE  sms.delivery_by_day                   IS 'rows. Sums of sms.fact_delivery_daily by day and account, kept in the transaction of each load: questions over years take milliseconds.';
COMMENT ON COLUMN sms.delivery_by_day.date_key          IS 'day. As in the fact.';
COMMENT ON COLUMN sms.delivery_by_day.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.delivery_by_day.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.delivery_by_day.requested         IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_day.accepted          IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_day.processing_failed IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_day.delivered         IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_day.send_failed       IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_day.pending           IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_day.billed_segments   IS 'segments. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_day.vendor_sent       IS 'messages. Sum of what is reported; NULL when no row reports it.';
