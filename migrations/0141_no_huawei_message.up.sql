-- Days of Huawei are counted from the kept forms of files and pushes, like everybody's from kept answers: nothing else is known of a message.
CREATE OR REPLACE FUNCTION etl.grant_pages() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    one record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'etl' AND pg_has_role(nspowner, 'USAGE')) THEN
        RAISE insufficient_privilege USING MESSAGE = 'etl.grant_pages() is for who owns the schema';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_pages') THEN
        RETURN;
    END IF;
    FOR one IN SELECT nspname AS schema FROM pg_namespace WHERE nspname IN ('sms', 'etl', 'river') ORDER BY 1
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO sms_pages', one.schema);
        IF one.schema <> 'river' THEN
            EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO sms_pages', one.schema);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT EXECUTE ON FUNCTIONS TO sms_pages', one.schema);
        END IF;
        IF one.schema <> 'etl' THEN
            EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO sms_pages', one.schema);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT ON TABLES TO sms_pages', one.schema);
        END IF;
    END LOOP;
    REVOKE EXECUTE ON FUNCTION etl.grant_roles(), etl.grant_pages() FROM sms_pages;
    GRANT SELECT ON etl.believed_day, etl.coverage, etl.dataset, etl.delivery_history, etl.failure_history, etl.fetch, etl.finding, etl.load,
        etl.huawei_listening, etl.huawei_push, etl.huawei_report, etl.pause, etl.raw, etl.run, etl.run_window TO sms_pages;
END
$$;


DROP TABLE etl.huawei_message;
DROP TABLE etl.huawei_retention;

COMMENT ON COLUMN etl.huawei_report.is_waiting IS 'flag. No export has the message yet.';
