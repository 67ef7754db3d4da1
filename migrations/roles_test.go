package migrations_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/internal/dev/pgtest"
)

// A role may do what etl.role_privilege says, no less and no more. A migration that makes a table that loads write ends with
// SELECT etl.grant_roles().
func TestRolesMayDoWhatIsSaid(t *testing.T) {
	t.Parallel()
	if got := query(t, pgtest.New(t), `
		WITH granted AS (
		    SELECT r.rolname AS role, format('%I.%I', n.nspname, c.relname) AS relation, p.privilege
		    FROM pg_class AS c
		    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname IN ('sms', 'etl', 'river')
		    JOIN pg_roles AS r ON r.rolname IN ('sms_analyst', 'sms_loader', 'sms_operator')
		    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
		    WHERE c.relkind IN ('r', 'v') AND has_table_privilege(r.oid, c.oid, p.privilege)
		), said AS (
		    SELECT role, relation, privilege FROM etl.role_privilege
		)
		(SELECT 'too much: ' || concat_ws(' ', role, privilege, relation) FROM (SELECT * FROM granted EXCEPT SELECT * FROM said) AS x)
		UNION ALL
		(SELECT 'missing: ' || concat_ws(' ', role, privilege, relation) FROM (SELECT * FROM said EXCEPT SELECT * FROM granted) AS x)
		ORDER BY 1`); got != "" {
		t.Error(got)
	}
}

// What the pages read with reads and does nothing else; loaders and operators may become it, analysts may not.
func TestPagesRoleOnlyReads(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	if got := query(t, address, `
		SELECT concat_ws(' ', p.privilege, format('%I.%I', n.nspname, c.relname))
		FROM pg_class     AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname IN ('sms', 'etl', 'river')
		CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p (privilege)
		WHERE c.relkind IN ('r', 'v') AND has_table_privilege('sms_pages', c.oid, p.privilege)
		ORDER BY 1`); got != "" {
		t.Error("too much:", got)
	}
	if got := query(t, address, `
		SELECT string_agg(c.relname, ' ' ORDER BY c.relname)
		FROM pg_class AS c
		WHERE c.relnamespace = 'etl'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege('sms_pages', c.oid, 'SELECT')`); got !=
		"account_clock believed_day coverage coverage_by_month dataset delivery_history failure_history fetch finding huawei_listening huawei_push huawei_report load open_day pause raw run run_window" {
		t.Error("of etl it reads:", got)
	}
	if got := query(t, address, `
		SELECT string_agg(rolname, ' ' ORDER BY rolname)
		FROM pg_roles
		WHERE rolname ~ '^sms_(analyst|loader|operator)$' AND pg_has_role(oid, 'sms_pages', 'MEMBER')`); got != "sms_loader sms_operator" {
		t.Error("members:", got)
	}
	query(t, address, `CREATE TABLE sms.later_still AS SELECT 1 AS n`)
	if got := query(t, pgtest.As(t, address, "sms_pages"), `SELECT n::text FROM sms.later_still`); got != "1" {
		t.Error("what comes later:", got)
	}
}

// forbidden is what each role is refused, whatever it has set before. A statement of one role is forbidden to the weaker ones.
var forbidden = map[string][]string{
	"everybody": {
		`CREATE TABLE sms.mine (n int)`,
		`CREATE TABLE etl.mine (n int)`,
		`CREATE VIEW sms.mine AS SELECT 1 AS one`,
		`CREATE FUNCTION sms.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
		`CREATE SCHEMA mine`,
		`CREATE EXTENSION file_fdw`,
		`CREATE ROLE mine SUPERUSER`,
		`CREATE DATABASE mine`,
		`CREATE INDEX mine ON sms.fact_delivery_daily (account_key)`,
		`CREATE TRIGGER mine BEFORE INSERT ON sms.dim_label EXECUTE FUNCTION sms.refuse_delete()`,
		`ALTER TABLE sms.fact_delivery_daily ADD COLUMN mine int`,
		`ALTER TABLE sms.fact_delivery_daily DISABLE TRIGGER ALL`,
		`ALTER TABLE sms.dim_label DISABLE TRIGGER dim_label_keep`,
		`ALTER VIEW sms.delivery_daily RENAME TO mine`,
		`ALTER FUNCTION sms.delivery_daily_as_of(timestamptz) SECURITY INVOKER`,
		`ALTER ROLE sms_analyst LOGIN`,
		`ALTER SYSTEM SET work_mem = '1GB'`,
		`ALTER DATABASE CURRENT SET work_mem = '1GB'`,
		`COMMENT ON TABLE sms.fact_delivery_daily IS 'mine'`,
		`DROP TABLE sms.fact_delivery_daily`,
		`DROP VIEW sms.delivery_daily`,
		`DROP FUNCTION sms.delivery_daily_as_of(timestamptz)`,
		`DROP SCHEMA sms CASCADE`,
		`DROP ROLE sms_analyst`,
		`TRUNCATE sms.fact_delivery_daily`,
		`TRUNCATE sms.dim_date`,
		`TRUNCATE etl.coverage`,
		`DELETE FROM sms.dim_account`,
		`DELETE FROM sms.dim_date`,
		`DELETE FROM sms.dim_failure_reason`,
		`DELETE FROM sms.dim_country`,
		`DELETE FROM etl.load`,
		`DELETE FROM etl.raw`,
		`DELETE FROM etl.delivery_history`,
		`UPDATE etl.delivery_history SET delivered = 0`,
		`UPDATE sms.dim_date SET weekday = 1`,
		`UPDATE sms.dim_template SET code = 'mine'`,
		`UPDATE sms.metric_support SET support = 'not_reported'`,
		`UPDATE etl.schema_migration SET version = 1`,
		`UPDATE etl.dataset SET owns_delivery = false`,
		`UPDATE etl.operation SET who = 'somebody else'`,
		`INSERT INTO etl.day_change VALUES ('lost', 'failed')`,
		`INSERT INTO sms.dim_vendor (vendor_key, vendor) VALUES (99, 'mine')`,
		`ALTER DEFAULT PRIVILEGES FOR ROLE postgres_owner GRANT ALL ON TABLES TO PUBLIC`,
		`GRANT sms_loader TO sms_analyst`,
		`SET ROLE postgres_owner`,
		`SELECT pg_read_file('/etc/passwd')`,
		`COPY sms.dim_vendor TO PROGRAM 'cat'`,
		`COPY sms.dim_label FROM '/etc/passwd'`,
		`SELECT rolpassword FROM pg_authid`,
		`SELECT lo_import('/etc/passwd')`,
		`SELECT etl.grant_roles()`,
		`SELECT etl.grant_pages()`,
		`GRANT sms_pages TO sms_analyst`,
	},
	"sms_loader": {
		`SET session_replication_role = replica`,
		`INSERT INTO etl.operation DEFAULT VALUES`,
		`INSERT INTO etl.pause DEFAULT VALUES`,
		`DELETE FROM etl.pause`,
		`UPDATE etl.fetch SET status = 0`,
		`UPDATE etl.failure_history SET messages = 0`,
	},
	"sms_operator": {
		`SET session_replication_role = replica`,
		`UPDATE etl.raw SET packed = NULL`,
		`INSERT INTO etl.raw DEFAULT VALUES`,
		`INSERT INTO etl.fetch DEFAULT VALUES`,
		`UPDATE etl.pace SET share = 1`,
		`INSERT INTO etl.web_session DEFAULT VALUES`,
		`UPDATE etl.web_session SET login = 'mine'`,
		`DELETE FROM etl.worker`,
		`DELETE FROM river.river_job`,
	},
	"sms_pages": {
		`SET session_replication_role = replica`,
		`SET ROLE sms_loader`,
		`SELECT 1 FROM etl.pace`,
		`SELECT 1 FROM etl.operation`,
		`SELECT 1 FROM etl.web_session`,
		`SELECT etl.record_operation('job_cancel', 'mine', ARRAY[1], NULL, now())`,
		`INSERT INTO sms.dim_label (account_key, code) VALUES (1, 'mine')`,
		`UPDATE sms.fact_delivery_daily SET delivered = 0`,
		`UPDATE etl.coverage SET state = 'final'`,
		`UPDATE etl.finding SET closed_at = now()`,
		`DELETE FROM sms.fact_failure_daily`,
		`INSERT INTO etl.run DEFAULT VALUES`,
		`DELETE FROM etl.pause`,
		`UPDATE river.river_job SET state = 'cancelled'`,
		`SELECT 1 FROM sms.dim_account FOR UPDATE`,
		`SELECT 1 FROM river.river_job FOR UPDATE`,
		`COPY sms.dim_label FROM STDIN`,
	},
	"sms_analyst": {
		`SET ROLE sms_pages`,
		`SET session_replication_role = replica`,
		`SELECT 1 FROM etl.raw`,
		`SELECT 1 FROM etl.coverage`,
		`SELECT 1 FROM etl.delivery_history`,
		`SELECT etl.moment()`,
		`SELECT 1 FROM etl.web_session`,
		`SELECT etl.record_operation('job_cancel', 'mine', ARRAY[1], NULL, now())`,
		`SELECT 1 FROM river.river_job`,
		`INSERT INTO sms.fact_delivery_daily SELECT * FROM sms.fact_delivery_daily`,
		`INSERT INTO sms.dim_label (account_key, code) VALUES (1, 'mine')`,
		`UPDATE sms.fact_delivery_daily SET delivered = 0`,
		`UPDATE sms.delivery_by_day SET delivered = 0`,
		`UPDATE sms.dim_account SET source = 'mine'`,
		`DELETE FROM sms.fact_failure_daily`,
		`MERGE INTO sms.fact_failure_daily AS f USING (SELECT 1) AS x ON false WHEN MATCHED THEN DELETE`,
		`DO 'BEGIN LOCK TABLE sms.fact_delivery_daily IN EXCLUSIVE MODE; END'`,
		`SELECT 1 FROM sms.dim_account FOR UPDATE`,
		`COPY sms.dim_label FROM STDIN`,
	},
}

func TestRolesAreRefused(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	for _, role := range []string{"sms_analyst", "sms_loader", "sms_operator", "sms_pages"} {
		t.Run(role, func(t *testing.T) {
			conn := connect(t, pgtest.As(t, address, role))
			all := append(append([]string{}, forbidden["everybody"]...), forbidden[role]...)
			// What a role has for its own protection it can put off: the privileges have to do without.
			if _, err := conn.Exec(t.Context(), `SET default_transaction_read_only = off`); err != nil {
				t.Fatal(err)
			}
			for _, sql := range all {
				sql = strings.ReplaceAll(sql, "postgres_owner", query(t, address, `SELECT quote_ident(current_user)`))
				sql = strings.ReplaceAll(sql, "DATABASE CURRENT", "DATABASE "+query(t, address, `SELECT quote_ident(current_database())`))
				_, err := conn.Exec(t.Context(), sql)
				if refused, is := errors.AsType[*pgconn.PgError](err); !is || refused.Code != "42501" {
					t.Errorf("%s\ngot %v, want 42501", sql, err)
				}
			}
			if len(all) < 40 {
				t.Errorf("%d statements are no trial", len(all))
			}
		})
	}
}

// What an analyst is refused without any privilege being asked.
func TestAnalystOnlyReads(t *testing.T) {
	t.Parallel()
	address := pgtest.As(t, pgtest.New(t), "sms_analyst")
	conn := connect(t, address)
	for _, sql := range []string{
		`CREATE TEMPORARY TABLE mine (n int)`,
		`UPDATE sms.fact_delivery_daily SET delivered = 0`,
		`CREATE TABLE public.mine (n int)`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		if refused, is := errors.AsType[*pgconn.PgError](err); !is || refused.Code != "25006" && refused.Code != "42501" {
			t.Errorf("%s\ngot %v, want 25006 or 42501", sql, err)
		}
	}
	if got := query(t, address, `
		SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'), current_setting('default_transaction_read_only'), current_setting('search_path'))`); got != "1min 1min on sms" {
		t.Error(got)
	}
	// Every relation and function of the schema answers.
	for name := range strings.SplitSeq(query(t, address, `
		SELECT format('%I.%I', schemaname, name)
		FROM (SELECT schemaname, tablename AS name FROM pg_tables UNION ALL SELECT schemaname, viewname FROM pg_views) AS x
		WHERE schemaname = 'sms'
		UNION ALL
		SELECT oid::regproc || '(now())' FROM pg_proc WHERE pronamespace = 'sms'::regnamespace AND proname ~ '_as_of$'
		ORDER BY 1`), "\n") {
		if _, err := conn.Exec(t.Context(), `SELECT * FROM `+name+` LIMIT 1`); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the owner makes later can be read at once.
func TestRolesReadWhatComesLater(t *testing.T) {
	t.Parallel()
	address := pgtest.New(t)
	query(t, address, `CREATE TABLE sms.later AS SELECT 1 AS n`)
	query(t, address, `CREATE TABLE etl.later AS SELECT 1 AS n`)
	query(t, address, `CREATE FUNCTION sms.later(n int) RETURNS int LANGUAGE sql AS 'SELECT n FROM sms.later'`)
	query(t, address, `REVOKE EXECUTE ON FUNCTION sms.later(int) FROM PUBLIC`)
	if got := query(t, pgtest.As(t, address, "sms_analyst"), `SELECT sms.later(1)::text FROM sms.later`); got != "1" {
		t.Error(got)
	}
	for _, role := range []string{"sms_loader", "sms_operator"} {
		if got := query(t, pgtest.As(t, address, role), `SELECT sms.later(1)::text FROM sms.later JOIN etl.later USING (n)`); got != "1" {
			t.Error(role, got)
		}
	}
}
