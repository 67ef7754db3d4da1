DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT tgname AS name, tgrelid::regclass AS table
        FROM pg_trigger
        WHERE tgfoid = 'sms.refuse_delete()'::regprocedure
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', one.name, one.table);
    END LOOP;
END
$$;

DROP FUNCTION sms.refuse_delete();
DROP TABLE sms.dim_country, sms.dim_failure_reason, sms.dim_message_type, sms.dim_label, sms.dim_template,
    sms.dim_account;
