DROP FUNCTION etl.grant_pages(), etl.grant_roles();
DROP VIEW etl.role_privilege;

DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT r.rolname AS role, n.nspname AS schema
        FROM pg_roles     AS r
        JOIN pg_namespace AS n ON n.nspname IN ('sms', 'etl', 'river')
        WHERE r.rolname IN ('sms_analyst', 'sms_loader', 'sms_operator', 'sms_pages')
    LOOP
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON TABLES FROM %I', one.schema, one.role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON SEQUENCES FROM %I', one.schema, one.role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE ALL ON FUNCTIONS FROM %I', one.schema, one.role);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %I', one.schema, one.role);
        EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %I FROM %I', one.schema, one.role);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA sms, etl FROM %I', one.role);
        EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', one.schema, one.role);
        CONTINUE WHEN one.role = 'sms_pages';
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), one.role);
    END LOOP;
    IF (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()) THEN
        EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
    END IF;
END
$$;

-- Settings and memberships, and the loader's parameter, go with the role: another database may rest on them.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT rolname AS role
        FROM pg_roles
        WHERE rolname IN ('sms_analyst', 'sms_loader', 'sms_operator', 'sms_pages')
          AND shobj_description(oid, 'pg_authid') LIKE '%Made by the migrations.'
    LOOP
        BEGIN
            EXECUTE format('DROP ROLE %I', one.role);
        EXCEPTION
            WHEN dependent_objects_still_exist OR insufficient_privilege OR undefined_object OR internal_error THEN
                RAISE NOTICE 'role % stays: another database uses it, or this user may not drop it', one.role;
        END;
    END LOOP;
END
$$;
