-- As for sms_analyst before: the roles belong to the whole server, may be there already, and only those with the comment
-- were made here. They are NOLOGIN: an administrator lets a role log in, or makes logins that are members of it. The
-- settings hold for who logs in as the role itself, members have their own; what a member may do is the same.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT *
        FROM (VALUES ('sms_analyst',  'Read-only on schema sms. Made by the migrations.'),
                     ('sms_loader',   'Loads: facts, ledger and queue. Made by the migrations.'),
                     ('sms_operator', 'Decides about days, sources and runs. Made by the migrations.')
             ) AS r (role, says)
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r.role)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', one.role);
            EXECUTE format('COMMENT ON ROLE %I IS %L', one.role, one.says);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'role % is not there and this user may not make it: let an administrator run CREATE ROLE % NOLOGIN, then run SELECT etl.grant_roles()', one.role, one.role;
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database's migrations made it a moment ago
        END;
    END LOOP;
END
$$;

-- What an administrator has set for a role stays. A person's question is ended before it is in the way of a load; a program's
-- own limits come with its connection.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT s.role, s.setting, s.value
        FROM (VALUES ('sms_analyst',  'statement_timeout',                   '60s'),
                     ('sms_analyst',  'idle_in_transaction_session_timeout', '60s'),
                     ('sms_analyst',  'default_transaction_read_only',       'on'),
                     ('sms_operator', 'statement_timeout',                   '10min'),
                     ('sms_operator', 'idle_in_transaction_session_timeout', '2min'),
                     ('sms_loader',   'idle_in_transaction_session_timeout', '2min')
             ) AS s (role, setting, value)
        JOIN pg_roles AS r ON r.rolname = s.role
        WHERE NOT EXISTS (SELECT FROM unnest(r.rolconfig) AS c WHERE c LIKE s.setting || '=%')
    LOOP
        BEGIN
            EXECUTE format('ALTER ROLE %I SET %s = %L', one.role, one.setting, one.value);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'this user may not set % of role %: let an administrator run ALTER ROLE % SET % = %', one.setting, one.role, one.role, one.setting, quote_literal(one.value);
            WHEN internal_error OR unique_violation OR undefined_object THEN
                NULL; -- another database's migrations write the same row at this moment
        END;
    END LOOP;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_loader')
    AND NOT has_parameter_privilege('sms_loader', 'session_replication_role', 'SET') THEN
        GRANT SET ON PARAMETER session_replication_role TO sms_loader;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'large first loads take several times longer until a superuser runs GRANT SET ON PARAMETER session_replication_role TO sms_loader';
    WHEN internal_error OR unique_violation OR undefined_object THEN
        NULL; -- another database's migrations write the same row at this moment
END
$$;

SELECT etl.grant_roles();
