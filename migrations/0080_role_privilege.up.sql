-- One place says what each role may do. Migrations grant it, `etl doctor` compares with it, and an administrator who made a
-- role by hand grants it with SELECT etl.grant_roles().
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
          WHEN p.privilege = 'SELECT'                       THEN n.nspname = 'sms' OR r.role <> 'sms_analyst'
          WHEN r.role = 'sms_analyst' OR c.relkind = 'v'    THEN false
          WHEN n.nspname = 'river'                          THEN r.role = 'sms_loader' OR p.privilege <> 'DELETE'
          -- The operator releases quarantined answers, and that is a load.
          WHEN n.nspname = 'sms' AND c.relname !~ '^dim_'   THEN c.relname ~ '^fact_' OR c.relname IN ('delivery_by_day', 'delivery_by_month_template')
          -- Vendors and days come with migrations.
          WHEN n.nspname = 'sms' AND p.privilege = 'INSERT' THEN c.relname NOT IN ('dim_date', 'dim_vendor')
          WHEN n.nspname = 'sms' AND p.privilege = 'UPDATE' THEN c.relname IN ('dim_account', 'dim_failure_reason')
          WHEN n.nspname = 'sms'                            THEN false -- dimensions are never deleted from
          -- What the schema itself says is nobody's to change.
          WHEN c.relname IN ('schema_migration', 'dataset', 'day_change') THEN false
          -- A loader signs no decision of a person, and nobody takes back what was written down.
          WHEN r.role = 'sms_loader' THEN CASE p.privilege
              WHEN 'INSERT' THEN c.relname NOT IN ('operation', 'pause')
              WHEN 'UPDATE' THEN c.relname NOT IN ('operation', 'pause', 'fetch', 'reject', 'probe') AND c.relname !~ '_history$'
              ELSE c.relname IN ('coverage', 'expectation', 'huawei_message', 'parked', 'worker')
          END
          WHEN r.role = 'sms_operator' THEN CASE p.privilege
              WHEN 'INSERT' THEN c.relname IN ('coverage', 'expectation', 'finding', 'load', 'operation', 'pause', 'reject', 'run', 'run_window')
                              OR c.relname ~ '_history$'
              WHEN 'UPDATE' THEN c.relname IN ('coverage', 'expectation', 'finding', 'load', 'pause', 'run', 'run_window')
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
            EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), one.role);
        END IF;
        -- A view runs its functions as the one who reads it: those of etl too, whose schema an analyst may not enter.
        EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA sms, etl TO %I', one.role);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION etl.grant_roles() FROM %I', one.role);
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
END
$$;

COMMENT ON FUNCTION etl.grant_roles() IS 'nothing. Grants sms_analyst, sms_loader and sms_operator, those of them that are there, what etl.role_privilege says. For who owns the schema.';

REVOKE EXECUTE ON FUNCTION etl.grant_roles() FROM PUBLIC; -- a silent grant of nothing would look like one
