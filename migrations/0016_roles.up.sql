-- Roles belong to the whole server. They may be there already: made by another database's migrations, or by an
-- administrator where this user may not make roles. The comment marks a role made here, so that only such a one is
-- dropped. All are NOLOGIN: an administrator lets a role log in, or makes logins that are members of it. Nobody logs in
-- as sms_pages, which is therefore no part of etl.role_privilege: the program's own sessions for pages become it and
-- can do no more from then on.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT *
        FROM (VALUES ('sms_analyst',  'Read-only on schema sms.',              'roles', ''),
                     ('sms_loader',   'Loads: facts, ledger and queue.',       'roles', ''),
                     ('sms_operator', 'Decides about days, sources and runs.', 'roles', ''),
                     ('sms_pages',    'Reads what the pages show.',            'pages',
                      ' and GRANT sms_pages TO sms_loader, sms_operator')
             ) AS r (role, purpose, grants, also)
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r.role)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', one.role);
            EXECUTE format('COMMENT ON ROLE %I IS %L', one.role, one.purpose || ' Made by the migrations.');
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'role % is not there and this user may not make it: %', one.role,
                    format('let an administrator run CREATE ROLE %I NOLOGIN%s, then run SELECT etl.grant_%s()',
                           one.role, one.also, one.grants);
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database's migrations made it a moment ago
        END;
    END LOOP;
END
$$;

-- What an administrator has set for a role stays. The settings hold for who logs in as the role itself; members have
-- their own. A person's question is ended before it is in the way of a load; a program's own limits come with its
-- connection. Compiling a question of an analyst takes longer than answering it from the summaries: 0.2 to 1.5 s that
-- nobody gains. Analysts alone find schema sms without naming it: in the programs' own statements a name without a schema
-- would be a mistake, and a setting of the database would reach whoever else has something in it.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT s.role, s.setting, s.value
        FROM (VALUES ('sms_analyst',  'statement_timeout',                   '60s'),
                     ('sms_analyst',  'idle_in_transaction_session_timeout', '60s'),
                     ('sms_analyst',  'default_transaction_read_only',       'on'),
                     ('sms_analyst',  'jit',                                 'off'),
                     ('sms_analyst',  'search_path',                         'sms'),
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
                RAISE NOTICE 'this user may not set % of role %: let an administrator run ALTER ROLE % SET % = %',
                    one.setting, one.role, one.role, one.setting, quote_literal(one.value);
            WHEN internal_error OR unique_violation OR undefined_object THEN
                NULL; -- another database's migrations write the same row at this moment
        END;
    END LOOP;
END
$$;

-- Sessions of analysts cannot take every connection that the server has from the loads: an ordinary server has 97 for
-- everybody, and a program takes 9. The limit is of logins as the role itself; each login that is a member needs its own.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'sms_analyst' AND rolconnlimit = -1) THEN
        ALTER ROLE sms_analyst CONNECTION LIMIT 20;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'this user may not limit the connections of sms_analyst: let an administrator run ALTER ROLE sms_analyst CONNECTION LIMIT 20';
    WHEN internal_error OR unique_violation OR undefined_object THEN
        NULL; -- another database's migrations write the same row at this moment
END
$$;

-- Whoever serves pages may become the role: loaders, operators, and the owner of the schema.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT m.rolname AS member
        FROM pg_roles AS m
        JOIN pg_roles AS p ON p.rolname = 'sms_pages'
        WHERE (m.rolname IN ('sms_loader', 'sms_operator') OR m.rolname = current_user AND NOT m.rolsuper)
          AND NOT pg_has_role(m.oid, p.oid, 'MEMBER')
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

CREATE VIEW etl.role_privilege AS
SELECT r.role,
       format('%I.%I', n.nspname, c.relname) AS relation,
       p.privilege
FROM pg_class     AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN (VALUES ('sms_analyst'), ('sms_loader'), ('sms_operator'))    AS r (role)
CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'))       AS p (privilege)
WHERE n.nspname IN ('sms', 'etl', 'river')
  AND c.relkind IN ('r', 'v')
  AND CASE
          -- Whoever serves pages keeps sessions, and an operator ends them; nobody else sees who is logged in.
          WHEN c.relname = 'web_session'                    THEN r.role = 'sms_loader' OR r.role = 'sms_operator' AND p.privilege IN ('SELECT', 'DELETE')
          WHEN p.privilege = 'SELECT'                       THEN n.nspname = 'sms' OR r.role <> 'sms_analyst'
          WHEN r.role = 'sms_analyst' OR c.relkind = 'v'    THEN false
          WHEN n.nspname = 'river'                          THEN r.role = 'sms_loader' OR p.privilege <> 'DELETE'
          -- Prices are a person's to say, and nobody's to take back.
          WHEN n.nspname = 'sms' AND c.relname = 'price'    THEN r.role = 'sms_operator' AND p.privilege <> 'DELETE'
          WHEN n.nspname = 'sms' AND c.relname = 'package_daily' THEN r.role = 'sms_loader' AND p.privilege <> 'DELETE'
          -- The operator releases quarantined answers, and that is a load.
          WHEN n.nspname = 'sms' AND c.relname !~ '^dim_'   THEN c.relname ~ '^fact_' OR c.relname ~ '_by_' -- facts and their sums
          -- Vendors and days come with migrations.
          WHEN n.nspname = 'sms' AND p.privilege = 'INSERT' THEN c.relname NOT IN ('dim_date', 'dim_vendor')
          WHEN n.nspname = 'sms' AND p.privilege = 'UPDATE' THEN c.relname IN ('dim_account', 'dim_failure_reason')
          WHEN n.nspname = 'sms'                            THEN false -- dimensions are never deleted from
          -- What the schema itself says is nobody's to change.
          WHEN c.relname IN ('schema_migration', 'migrating', 'dataset', 'day_change') THEN false
          -- Names are written through etl.put_names.
          WHEN c.relname = 'name' THEN false
          -- A loader signs no decision of a person, and nobody takes back what was written down.
          WHEN r.role = 'sms_loader' THEN CASE p.privilege
              WHEN 'INSERT' THEN c.relname NOT IN ('operation', 'pause')
              WHEN 'UPDATE' THEN c.relname NOT IN ('operation', 'pause', 'fetch', 'reject', 'probe') AND c.relname !~ '_history$'
              ELSE c.relname IN ('coverage', 'expectation', 'huawei_push', 'huawei_report', 'huawei_touched_day', 'parked', 'worker')
          END
          WHEN r.role = 'sms_operator' THEN CASE p.privilege
              WHEN 'INSERT' THEN c.relname IN ('coverage', 'coverage_by_month', 'day_rows', 'expectation', 'finding', 'load', 'operation', 'pause', 'reject', 'run', 'run_window', 'turn')
                              OR c.relname ~ '_history$'
              WHEN 'UPDATE' THEN c.relname IN ('coverage', 'coverage_by_month', 'day_rows', 'expectation', 'finding', 'load', 'pause', 'run', 'run_window', 'turn')
              ELSE c.relname IN ('coverage', 'expectation', 'pause')
          END
      END;

COMMENT ON VIEW   etl.role_privilege           IS 'privileges. What each of the roles may do to each table and view, as the migrations mean it.';
COMMENT ON COLUMN etl.role_privilege.role      IS 'role. sms_analyst, sms_loader or sms_operator.';
COMMENT ON COLUMN etl.role_privilege.relation  IS 'name. The table or view with its schema.';
COMMENT ON COLUMN etl.role_privilege.privilege IS 'privilege. SELECT, INSERT, UPDATE or DELETE.';

-- What comes later may be read by default; what loads write into a later table is granted when its migration calls this again.
-- River's tables are made after the migrations, so theirs are defaults too.
CREATE FUNCTION etl.grant_roles() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT r.rolname AS role, n.nspname AS schema
        FROM pg_roles     AS r
        JOIN pg_namespace AS n ON n.nspname = 'sms' OR n.nspname IN ('etl', 'river') AND r.rolname <> 'sms_analyst'
        WHERE r.rolname IN ('sms_analyst', 'sms_loader', 'sms_operator')
        ORDER BY 1, 2
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', one.schema, one.role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT EXECUTE ON FUNCTIONS TO %I', one.schema, one.role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT %s ON TABLES TO %I', one.schema, CASE
            WHEN one.schema <> 'river'       THEN 'SELECT'
            WHEN one.role   = 'sms_operator' THEN 'SELECT, INSERT, UPDATE'
            ELSE 'SELECT, INSERT, UPDATE, DELETE'
        END, one.role);
        IF one.role <> 'sms_analyst' THEN
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE ON SEQUENCES TO %I', one.schema, one.role);
            EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO %I', one.schema, one.role);
            EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), one.role);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), one.role);
        -- A view runs its functions as the one who reads it: those of etl too, whose schema an analyst may not enter.
        EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA sms, etl TO %I', one.role);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION etl.grant_roles() FROM %I', one.role);
        IF one.role = 'sms_analyst' THEN
            REVOKE EXECUTE ON FUNCTION etl.record_operation(text, text, bigint[], text, timestamptz),
                etl.put_names(text, text[], integer[], text[], text[], text[], timestamptz) FROM sms_analyst;
        END IF;
    END LOOP;
    FOR one IN
        SELECT p.role, p.relation, string_agg(p.privilege, ', ') AS privileges
        FROM etl.role_privilege AS p
        JOIN pg_roles           AS r ON r.rolname = p.role
        GROUP BY p.role, p.relation
        ORDER BY p.role, p.relation
    LOOP
        EXECUTE format('GRANT %s ON %s TO %I', one.privileges, one.relation, one.role);
    END LOOP;
    -- Everybody else stays outside, where the roles are there and nobody else has tables in the database.
    IF (SELECT count(*) = 3 FROM pg_roles WHERE rolname IN ('sms_analyst', 'sms_loader', 'sms_operator'))
       AND (SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database())
       AND NOT EXISTS (
           SELECT
           FROM pg_class     AS c
           JOIN pg_namespace AS n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')
             AND n.nspname NOT IN ('sms', 'etl', 'river', 'information_schema')
             AND n.nspname !~ '^pg_'
             AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
       ) THEN
        EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    END IF;
END
$$;

COMMENT ON FUNCTION etl.grant_roles() IS 'nothing. Grants sms_analyst, sms_loader and sms_operator, those of them that are there, what etl.role_privilege says, and keeps everybody else out of a database that is of this product alone. For who owns the schema.';

-- Of etl, pages read only the tables that they show; of Huawei's messages, which ones a day has, and nothing that
-- somebody wrote into them. A migration that brings a table of etl which pages show replaces this function and calls
-- it.
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
    REVOKE EXECUTE ON FUNCTION etl.grant_roles(), etl.grant_pages(), etl.record_operation(text, text, bigint[], text, timestamptz),
        etl.put_names(text, text[], integer[], text[], text[], text[], timestamptz) FROM sms_pages;
    GRANT SELECT ON etl.account_clock, etl.believed_day, etl.coverage, etl.coverage_by_month, etl.dataset, etl.delivery_history, etl.failure_history, etl.fetch, etl.finding, etl.load,
        etl.huawei_listening, etl.huawei_push, etl.huawei_report, etl.open_day, etl.pause, etl.raw, etl.run, etl.run_window TO sms_pages;
END
$$;

COMMENT ON FUNCTION etl.grant_pages() IS 'nothing. Grants sms_pages, where it is there, what the pages read. For who owns the schema.';

REVOKE EXECUTE ON FUNCTION etl.grant_roles(), etl.grant_pages() FROM PUBLIC;

SELECT etl.grant_roles();
SELECT etl.grant_pages();
