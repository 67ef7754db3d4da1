-- A year of failures by reason is a thousandth of the failure rows: the rankings and the flat view of reasons read it.
CREATE TABLE sms.failure_by_day (
    date_key          date    NOT NULL,
    account_key       integer NOT NULL,
    reason_key        integer NOT NULL,
    row_count         bigint  NOT NULL,
    rows_not_reported bigint  NOT NULL,
    messages          bigint  NULL,
    CONSTRAINT failure_by_day_pk         PRIMARY KEY (date_key, account_key, reason_key),
    CONSTRAINT failure_by_day_date_fk    FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key),
    CONSTRAINT failure_by_day_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT failure_by_day_reason_fk  FOREIGN KEY (reason_key) REFERENCES sms.dim_failure_reason (reason_key),
    CONSTRAINT failure_by_day_rows_ck    CHECK (rows_not_reported BETWEEN 0 AND row_count
                                            AND (messages IS NULL) = (rows_not_reported = row_count))
);

COMMENT ON TABLE  sms.failure_by_day                   IS 'rows. Sums of sms.fact_failure_daily by day, account and reason, kept in the transaction of each load.';
COMMENT ON COLUMN sms.failure_by_day.date_key          IS 'day. As in the fact.';
COMMENT ON COLUMN sms.failure_by_day.account_key       IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.failure_by_day.reason_key        IS 'key. The reason, sms.dim_failure_reason.';
COMMENT ON COLUMN sms.failure_by_day.row_count         IS 'rows. Fact rows that were summed.';
COMMENT ON COLUMN sms.failure_by_day.rows_not_reported IS 'rows. For which the vendor named the reason and not the number: messages is too small by these.';
COMMENT ON COLUMN sms.failure_by_day.messages          IS 'messages. Sum of what is reported; NULL when no row reports it.';

INSERT INTO sms.failure_by_day (date_key, account_key, reason_key, row_count, rows_not_reported, messages)
SELECT date_key,
       account_key,
       reason_key,
       count(*),
       count(*) FILTER (WHERE messages IS NULL),
       sum(messages)
FROM sms.fact_failure_daily
GROUP BY date_key, account_key, reason_key;

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
          WHEN n.nspname = 'sms' AND c.relname !~ '^dim_'   THEN c.relname ~ '^fact_' OR c.relname ~ '_by_' -- facts and their sums
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

SELECT etl.grant_roles();
