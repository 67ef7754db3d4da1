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
    load_id           bigint  NOT NULL,
    CONSTRAINT delivery_by_day_pk         PRIMARY KEY (date_key, account_key),
    CONSTRAINT delivery_by_day_date_fk    FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT delivery_by_day_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT delivery_by_day_load_fk    FOREIGN KEY (load_id) REFERENCES etl.load (load_id)
);

COMMENT ON TABLE  sms.delivery_by_day                   IS 'rows. Sums of sms.fact_delivery_daily by day and account, kept in the transaction of each load: questions over years take milliseconds.';
COMMENT ON COLUMN sms.delivery_by_day.date_key          IS 'day. As in the fact.';
COMMENT ON COLUMN sms.delivery_by_day.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.delivery_by_day.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.delivery_by_day.load_id           IS 'key. The load since which the sums are these, etl.load.';

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

-- A year of failures by reason is a thousandth of the failure rows: the rankings and the flat view of reasons read it.
CREATE TABLE sms.failure_by_day (
    date_key          date    NOT NULL,
    account_key       integer NOT NULL,
    reason_key        integer NOT NULL,
    row_count         bigint  NOT NULL,
    rows_not_reported bigint  NOT NULL,
    messages          bigint  NULL,
    CONSTRAINT failure_by_day_pk         PRIMARY KEY (date_key, account_key, reason_key),
    CONSTRAINT failure_by_day_date_fk    FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT failure_by_day_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT failure_by_day_reason_fk  FOREIGN KEY (reason_key) REFERENCES sms.dim_failure_reason (reason_key),
    CONSTRAINT failure_by_day_rows_ck    CHECK (rows_not_reported BETWEEN 0 AND row_count
                                            AND (messages IS NULL) = (rows_not_reported = row_count))
);

COMMENT ON TABLE  sms.failure_by_day                   IS 'rows. Sums of sms.fact_failure_daily by day, account and reason, kept in the transaction of each load.';
COMMENT ON COLUMN sms.failure_by_day.date_key          IS 'day. As in the fact.';
COMMENT ON COLUMN sms.failure_by_day.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.failure_by_day.reason_key        IS 'key. The reason, sms.dim_failure_reason.';
COMMENT ON COLUMN sms.failure_by_day.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.failure_by_day.rows_not_reported IS 'rows. For which the vendor named the reason and not the number: messages is too small by these.';
COMMENT ON COLUMN sms.failure_by_day.messages          IS 'messages. Sum of what is reported; NULL when no row reports it.';
