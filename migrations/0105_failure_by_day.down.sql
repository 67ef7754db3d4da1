DROP TABLE sms.failure_by_day;

CREATE OR REPLACE VIEW etl.role_privilege AS
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
              ELSE c.relname IN ('coverage', 'expectation', 'huawei_message', 'huawei_push', 'huawei_report', 'huawei_touched_day', 'parked', 'worker')
          END
          WHEN r.role = 'sms_operator' THEN CASE p.privilege
              WHEN 'INSERT' THEN c.relname IN ('coverage', 'expectation', 'finding', 'load', 'operation', 'pause', 'reject', 'run', 'run_window')
                              OR c.relname ~ '_history$'
              WHEN 'UPDATE' THEN c.relname IN ('coverage', 'expectation', 'finding', 'load', 'pause', 'run', 'run_window')
              ELSE c.relname IN ('coverage', 'expectation', 'pause')
          END
      END;
