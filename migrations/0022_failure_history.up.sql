-- The times in which an image was in force are those of the two loads beside it: when each committed is known only at its
-- end, after the history is written.
CREATE TABLE etl.failure_history (
    date_key          date    NOT NULL,
    account_key       integer NOT NULL,
    template_key      integer NOT NULL,
    label_key         integer NOT NULL,
    message_type_key  integer NOT NULL,
    reason_key        integer NOT NULL,
    messages          bigint  NULL,
    change            text    NOT NULL,
    load_id           bigint  NULL,
    replaced_by       bigint  NOT NULL,
    CONSTRAINT failure_history_pk              PRIMARY KEY (date_key, account_key, template_key, label_key, message_type_key, reason_key, replaced_by),
    CONSTRAINT failure_history_date_fk         FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT failure_history_account_fk      FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT failure_history_template_fk     FOREIGN KEY (template_key) REFERENCES sms.dim_template (template_key),
    CONSTRAINT failure_history_label_fk        FOREIGN KEY (label_key) REFERENCES sms.dim_label (label_key),
    CONSTRAINT failure_history_message_type_fk FOREIGN KEY (message_type_key) REFERENCES sms.dim_message_type (message_type_key),
    CONSTRAINT failure_history_reason_fk       FOREIGN KEY (reason_key) REFERENCES sms.dim_failure_reason (reason_key),
    CONSTRAINT failure_history_load_fk         FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT failure_history_replaced_by_fk  FOREIGN KEY (replaced_by) REFERENCES etl.load (load_id),
    CONSTRAINT failure_history_change_ck       CHECK (change IN ('updated', 'removed', 'added')),
    CONSTRAINT failure_history_added_ck        CHECK ((change = 'added') = (load_id IS NULL))
);

COMMENT ON TABLE  etl.failure_history                   IS 'rows. Every image of a row of sms.fact_failure_daily that a later load replaced or removed, and a mark for every row added to a day that had been loaded before.';
COMMENT ON COLUMN etl.failure_history.date_key          IS 'day. As in the fact.';
COMMENT ON COLUMN etl.failure_history.account_key       IS 'key. As in the fact, sms.dim_account.';
COMMENT ON COLUMN etl.failure_history.template_key      IS 'key. As in the fact, sms.dim_template.';
COMMENT ON COLUMN etl.failure_history.label_key         IS 'key. As in the fact, sms.dim_label.';
COMMENT ON COLUMN etl.failure_history.message_type_key  IS 'key. As in the fact, sms.dim_message_type.';
COMMENT ON COLUMN etl.failure_history.reason_key        IS 'key. As in the fact, sms.dim_failure_reason.';
COMMENT ON COLUMN etl.failure_history.messages          IS 'messages. The old number; NULL when it was not reported, and on a mark.';
COMMENT ON COLUMN etl.failure_history.change            IS 'change. updated: the row got other numbers. removed: the vendor no longer reports it. added: there was no row, so there are no old numbers.';
COMMENT ON COLUMN etl.failure_history.load_id           IS 'key. The load that wrote the old image, etl.load; in force from its loaded_at. NULL on a mark.';
COMMENT ON COLUMN etl.failure_history.replaced_by       IS 'key. The load that replaced it, etl.load; in force until before its loaded_at.';
