DROP FUNCTION etl.grant_pages();

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT nspname AS schema
        FROM pg_namespace
        WHERE nspname IN ('sms', 'etl', 'river')
          AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_pages')
    LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON FUNCTIONS FROM sms_pages', one.schema);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM sms_pages', one.schema);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM sms_pages', one.schema);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM sms_pages', one.schema);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM sms_pages', one.schema);
    END LOOP;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_pages' AND shobj_description(oid, 'pg_authid') LIKE '%Made by the migrations.') THEN
        DROP ROLE sms_pages;
    END IF;
EXCEPTION
    WHEN dependent_objects_still_exist OR insufficient_privilege OR undefined_object OR internal_error THEN
        RAISE NOTICE 'role sms_pages stays: another database uses it, or this user may not drop it';
END
$$;
