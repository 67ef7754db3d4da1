-- What the pages read with. It is no part of etl.role_privilege, which is about roles that people and programs log in as: nobody
-- logs in as this one, the program's own sessions for pages become it and can do no more from then on. It reads sms, the queue, and
-- of etl only the tables that pages show.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_pages') THEN
        CREATE ROLE sms_pages NOLOGIN;
        COMMENT ON ROLE sms_pages IS 'Reads what the pages show. Made by the migrations.';
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'role sms_pages is not there and this user may not make it: let an administrator run CREATE ROLE sms_pages NOLOGIN and GRANT sms_pages TO sms_loader, sms_operator, then run SELECT etl.grant_pages()';
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database's migrations made it a moment ago
END
$$;

-- Whoever serves pages may become the role: loaders, operators, and the owner of the schema.
DO $$
DECLARE
    one record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_pages') THEN
        RETURN;
    END IF;
    FOR one IN
        SELECT rolname AS member
        FROM pg_roles
        WHERE (rolname IN ('sms_loader', 'sms_operator') OR rolname = current_user AND NOT rolsuper)
          AND NOT pg_has_role(oid, 'sms_pages', 'MEMBER')
    LOOP
        BEGIN
            EXECUTE format('GRANT sms_pages TO %I', one.member);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'pages are read with the privileges of % until an administrator runs GRANT sms_pages TO %', one.member, one.member;
            WHEN internal_error OR unique_violation OR duplicate_object OR undefined_object THEN
                NULL; -- another database's migrations write the same row at this moment
        END;
    END LOOP;
END
$$;

-- A migration that brings a table of etl which pages show replaces this function and calls it.
CREATE FUNCTION etl.grant_pages() RETURNS void
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
        etl.pause, etl.raw, etl.run, etl.run_window TO sms_pages;
END
$$;

COMMENT ON FUNCTION etl.grant_pages() IS 'nothing. Grants sms_pages, where it is there, what the pages read. For who owns the schema.';

REVOKE EXECUTE ON FUNCTION etl.grant_pages() FROM PUBLIC;

SELECT etl.grant_pages();
