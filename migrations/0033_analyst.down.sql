DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_analyst') THEN
        ALTER DEFAULT PRIVILEGES IN SCHEMA sms REVOKE SELECT ON TABLES FROM sms_analyst;
        REVOKE SELECT ON ALL TABLES IN SCHEMA sms FROM sms_analyst;
        REVOKE USAGE ON SCHEMA sms FROM sms_analyst;
    END IF;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles
               WHERE rolname = 'sms_analyst'
                 AND shobj_description(oid, 'pg_authid') = 'Read-only on schema sms. Made by the migrations.') THEN
        DROP ROLE sms_analyst;
    END IF;
EXCEPTION
    WHEN dependent_objects_still_exist OR insufficient_privilege OR undefined_object THEN
        RAISE NOTICE 'role sms_analyst stays: another database uses it, or this user may not drop it';
END
$$;
