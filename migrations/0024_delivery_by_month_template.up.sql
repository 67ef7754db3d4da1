CREATE TABLE sms.delivery_by_month_template (
    month_start       date    NOT NULL,
    account_key       integer NOT NULL,
    template_key      integer NOT NULL,
    row_count         bigint  NOT NULL,
    requested         bigint  NULL,
    accepted          bigint  NULL,
    processing_failed bigint  NULL,
    delivered         bigint  NULL,
    send_failed       bigint  NULL,
    pending           bigint  NULL,
    billed_segments   bigint  NULL,
    vendor_sent       bigint  NULL,
    CONSTRAINT delivery_by_month_template_pk          PRIMARY KEY (month_start, account_key, template_key),
    CONSTRAINT delivery_by_month_template_month_fk    FOREIGN KEY (month_start) REFERENCES sms.dim_date (date_key),
    CONSTRAINT delivery_by_month_template_account_fk  FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT delivery_by_month_template_template_fk FOREIGN KEY (template_key) REFERENCES sms.dim_template (template_key)
);

COMMENT ON TABLE  sms.delivery_by_month_template                   IS 'rows. Sums of sms.fact_delivery_daily by month, account and template, kept in the transaction of each load.';
COMMENT ON COLUMN sms.delivery_by_month_template.month_start       IS 'day. The first day of the month, sms.dim_date.';
COMMENT ON COLUMN sms.delivery_by_month_template.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.delivery_by_month_template.template_key      IS 'key. The template, sms.dim_template.';
COMMENT ON COLUMN sms.delivery_by_month_template.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.delivery_by_month_template.requested         IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_month_template.accepted          IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_month_template.processing_failed IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_month_template.delivered         IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_month_template.send_failed       IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_month_template.pending           IS 'messages. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_month_template.billed_segments   IS 'segments. Sum of what is reported; NULL when no row reports it.';
COMMENT ON COLUMN sms.delivery_by_month_template.vendor_sent       IS 'messages. Sum of what is reported; NULL when no row reports it.';
