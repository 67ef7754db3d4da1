-- Loads resolve every key themselves and may then write facts with the foreign key triggers at rest (see
-- sms.fact_delivery_daily). That is safe as long as no dimension row ever goes away, and this trigger sees to it. It is
-- enabled ALWAYS because session_replication_role = replica silences ordinary triggers.
CREATE FUNCTION sms.refuse_delete() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'rows of %.% are never deleted: facts and history point at them', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

COMMENT ON FUNCTION sms.refuse_delete() IS 'trigger. Refuses to delete rows that facts and history point at.';

CREATE TRIGGER dim_date_keep           BEFORE DELETE OR TRUNCATE ON sms.dim_date           EXECUTE FUNCTION sms.refuse_delete();
CREATE TRIGGER dim_vendor_keep         BEFORE DELETE OR TRUNCATE ON sms.dim_vendor         EXECUTE FUNCTION sms.refuse_delete();
CREATE TRIGGER dim_account_keep        BEFORE DELETE OR TRUNCATE ON sms.dim_account        EXECUTE FUNCTION sms.refuse_delete();
CREATE TRIGGER dim_template_keep       BEFORE DELETE OR TRUNCATE ON sms.dim_template       EXECUTE FUNCTION sms.refuse_delete();
CREATE TRIGGER dim_label_keep          BEFORE DELETE OR TRUNCATE ON sms.dim_label          EXECUTE FUNCTION sms.refuse_delete();
CREATE TRIGGER dim_message_type_keep   BEFORE DELETE OR TRUNCATE ON sms.dim_message_type   EXECUTE FUNCTION sms.refuse_delete();
CREATE TRIGGER dim_failure_reason_keep BEFORE DELETE OR TRUNCATE ON sms.dim_failure_reason EXECUTE FUNCTION sms.refuse_delete();

ALTER TABLE sms.dim_date           ENABLE ALWAYS TRIGGER dim_date_keep;
ALTER TABLE sms.dim_vendor         ENABLE ALWAYS TRIGGER dim_vendor_keep;
ALTER TABLE sms.dim_account        ENABLE ALWAYS TRIGGER dim_account_keep;
ALTER TABLE sms.dim_template       ENABLE ALWAYS TRIGGER dim_template_keep;
ALTER TABLE sms.dim_label          ENABLE ALWAYS TRIGGER dim_label_keep;
ALTER TABLE sms.dim_message_type   ENABLE ALWAYS TRIGGER dim_message_type_keep;
ALTER TABLE sms.dim_failure_reason ENABLE ALWAYS TRIGGER dim_failure_reason_keep;
