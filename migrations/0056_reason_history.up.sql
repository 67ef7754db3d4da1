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
