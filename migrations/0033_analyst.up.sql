-- The role belongs to the whole server and may be there already: made by another database's migrations, or by an
-- administrator where this user may not make roles. The comment marks a role made here, so that only such a one is dropped.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_analyst') THEN
        CREATE ROLE sms_analyst NOLOGIN;
        COMMENT ON ROLE sms_analyst IS 'Read-only on schema sms. Made by the migrations.';
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'role sms_analyst is not there and this user may not make it: let an administrator run CREATE ROLE sms_analyst NOLOGIN, then grant USAGE on schema sms and SELECT on its tables';
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database's migrations made it a moment ago
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_analyst') THEN
        GRANT USAGE ON SCHEMA sms TO sms_analyst;
        GRANT SELECT ON ALL TABLES IN SCHEMA sms TO sms_analyst;
        ALTER DEFAULT PRIVILEGES IN SCHEMA sms GRANT SELECT ON TABLES TO sms_analyst;
    END IF;
END
$$;
