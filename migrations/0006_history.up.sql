-- The times in which an image was in force are those of the two loads beside it: when each committed is known only at its
-- end, after the history is written.
CREATE TABLE etl.delivery_history (
    date_key          date    NOT NULL,
    account_key       integer NOT NULL,
    template_key      integer NOT NULL,
    label_key         integer NOT NULL,
    message_type_key  integer NOT NULL,
    requested         bigint  NULL,
    accepted          bigint  NULL,
    processing_failed bigint  NULL,
    delivered         bigint  NULL,
    send_failed       bigint  NULL,
    pending           bigint  NULL,
    billed_segments   bigint  NULL,
    vendor_sent       bigint  NULL,
    change            text    NOT NULL,
    load_id           bigint  NULL,
    replaced_by       bigint  NOT NULL,
    country_key       integer NOT NULL,
    CONSTRAINT delivery_history_pk              PRIMARY KEY
        (date_key, account_key, template_key, label_key, message_type_key, country_key, replaced_by),
    CONSTRAINT delivery_history_change_ck       CHECK (change IN ('updated', 'removed', 'added')),
    CONSTRAINT delivery_history_added_ck        CHECK ((change = 'added') = (load_id IS NULL))
);

-- What a load changed is asked for by the load: what is new since the last report?
CREATE INDEX delivery_history_replaced_ix ON etl.delivery_history (replaced_by);

COMMENT ON TABLE  etl.delivery_history                   IS 'rows. Every image of a row of sms.fact_delivery_daily that a later load replaced or removed, and a mark for every row added to a day that had been loaded before.';
COMMENT ON COLUMN etl.delivery_history.date_key          IS 'day. As in the fact.';
COMMENT ON COLUMN etl.delivery_history.account_key       IS 'key. As in the fact, sms.dim_account.';
COMMENT ON COLUMN etl.delivery_history.template_key      IS 'key. As in the fact, sms.dim_template.';
COMMENT ON COLUMN etl.delivery_history.label_key         IS 'key. As in the fact, sms.dim_label.';
COMMENT ON COLUMN etl.delivery_history.message_type_key  IS 'key. As in the fact, sms.dim_message_type.';
COMMENT ON COLUMN etl.delivery_history.change            IS 'change. updated: the row got other numbers. removed: the vendor no longer reports it. added: there was no row, so there are no old numbers.';
COMMENT ON COLUMN etl.delivery_history.load_id           IS 'key. The load that wrote the old image, etl.load; in force from its loaded_at. NULL on a mark.';
COMMENT ON COLUMN etl.delivery_history.replaced_by       IS 'key. The load that replaced it, etl.load; in force until before its loaded_at.';
COMMENT ON COLUMN etl.delivery_history.country_key       IS 'key. As in the fact, sms.dim_country.';

-- The times in which an image was in force are those of the two loads beside it: when each committed is known only at its
-- end, after the history is written.
CREATE TABLE etl.failure_history (
    date_key         date    NOT NULL,
    account_key      integer NOT NULL,
    template_key     integer NOT NULL,
    label_key        integer NOT NULL,
    message_type_key integer NOT NULL,
    reason_key       integer NOT NULL,
    messages         bigint  NULL,
    change           text    NOT NULL,
    load_id          bigint  NULL,
    replaced_by      bigint  NOT NULL,
    country_key      integer NOT NULL,
    CONSTRAINT failure_history_pk              PRIMARY KEY
        (date_key, account_key, template_key, label_key, message_type_key, country_key, reason_key, replaced_by),
    CONSTRAINT failure_history_change_ck       CHECK (change IN ('updated', 'removed', 'added')),
    CONSTRAINT failure_history_added_ck        CHECK ((change = 'added') = (load_id IS NULL))
);

CREATE INDEX failure_history_replaced_ix ON etl.failure_history (replaced_by);

COMMENT ON TABLE  etl.failure_history                  IS 'rows. Every image of a row of sms.fact_failure_daily that a later load replaced or removed, and a mark for every row added to a day that had been loaded before.';
COMMENT ON COLUMN etl.failure_history.date_key         IS 'day. As in the fact.';
COMMENT ON COLUMN etl.failure_history.account_key      IS 'key. As in the fact, sms.dim_account.';
COMMENT ON COLUMN etl.failure_history.template_key     IS 'key. As in the fact, sms.dim_template.';
COMMENT ON COLUMN etl.failure_history.label_key        IS 'key. As in the fact, sms.dim_label.';
COMMENT ON COLUMN etl.failure_history.message_type_key IS 'key. As in the fact, sms.dim_message_type.';
COMMENT ON COLUMN etl.failure_history.reason_key       IS 'key. As in the fact, sms.dim_failure_reason.';
COMMENT ON COLUMN etl.failure_history.messages         IS 'messages. The old number; NULL when it was not reported, and on a mark.';
COMMENT ON COLUMN etl.failure_history.change           IS 'change. updated: the row got other numbers. removed: the vendor no longer reports it. added: there was no row, so there are no old numbers.';
COMMENT ON COLUMN etl.failure_history.load_id          IS 'key. The load that wrote the old image, etl.load; in force from its loaded_at. NULL on a mark.';
COMMENT ON COLUMN etl.failure_history.replaced_by      IS 'key. The load that replaced it, etl.load; in force until before its loaded_at.';
COMMENT ON COLUMN etl.failure_history.country_key      IS 'key. As in the fact, sms.dim_country.';

-- What each day of an account added up to before a load changed it. Reports of then and how late numbers settle are
-- asked by day and account, and would otherwise go through every row of the history and the fact.
CREATE TABLE etl.delivery_by_day_history (
    LIKE sms.delivery_by_day,
    replaced_by bigint NOT NULL,
    CONSTRAINT delivery_by_day_history_pk             PRIMARY KEY (date_key, account_key, replaced_by),
    CONSTRAINT delivery_by_day_history_date_fk        FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT delivery_by_day_history_account_fk     FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT delivery_by_day_history_load_fk        FOREIGN KEY (load_id) REFERENCES etl.load (load_id),
    CONSTRAINT delivery_by_day_history_replaced_by_fk FOREIGN KEY (replaced_by) REFERENCES etl.load (load_id)
);

COMMENT ON TABLE  etl.delivery_by_day_history                   IS 'rows. Every row of sms.delivery_by_day that a later load changed or took away, as it was. In force from when load_id committed until replaced_by did.';
COMMENT ON COLUMN etl.delivery_by_day_history.date_key          IS 'day. As in the summary.';
COMMENT ON COLUMN etl.delivery_by_day_history.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.delivery_by_day_history.row_count         IS 'rows. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.rows_not_reported IS 'rows. The old value.';
COMMENT ON COLUMN etl.delivery_by_day_history.load_id           IS 'key. The load since which the sums were these, etl.load.';
COMMENT ON COLUMN etl.delivery_by_day_history.replaced_by       IS 'key. The load that changed them, etl.load.';

CREATE TABLE etl.reason_history (
    reason_key  integer NOT NULL,
    category    text    NOT NULL,
    replaced_by bigint  NOT NULL,
    CONSTRAINT reason_history_pk             PRIMARY KEY (reason_key, replaced_by),
    CONSTRAINT reason_history_reason_fk      FOREIGN KEY (reason_key) REFERENCES sms.dim_failure_reason (reason_key),
    CONSTRAINT reason_history_replaced_by_fk FOREIGN KEY (replaced_by) REFERENCES etl.load (load_id)
);

COMMENT ON TABLE  etl.reason_history             IS 'reasons. Every category that a failure reason had before: categories are ours, so each line is a change of our mapping and none of a vendor''s numbers.';
COMMENT ON COLUMN etl.reason_history.reason_key  IS 'key. The reason, sms.dim_failure_reason.';
COMMENT ON COLUMN etl.reason_history.category    IS 'category. The old one.';
COMMENT ON COLUMN etl.reason_history.replaced_by IS 'key. The load that brought the next one, etl.load; in force until before its loaded_at.';

-- The eight measures of a table say one thing.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT t.name AS table,
               m.attname AS measure,
               CASE m.attname WHEN 'billed_segments' THEN 'segments. ' ELSE 'messages. ' END || t.comment AS comment
        FROM (VALUES ('sms.delivery_by_day',            'Sum of what is reported; NULL when no row reports it.'),
                     ('sms.delivery_by_month_template', 'Sum of what is reported; NULL when no row reports it.'),
                     ('sms.delivery_by_month_label',    'Sum of what is reported; NULL when no row reports it.'),
                     ('etl.delivery_history',           'The old number; NULL when it was not reported, and on a mark.'),
                     ('etl.delivery_by_day_history',    'The old value.')
             ) AS t (name, comment)
        JOIN pg_attribute AS m ON m.attrelid = t.name::regclass
        WHERE m.attname IN ('requested', 'accepted', 'processing_failed', 'delivered', 'send_failed', 'pending',
                            'billed_segments', 'vendor_sent')
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', one.table, one.measure, one.comment);
    END LOOP;
END
$$;
