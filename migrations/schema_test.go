package migrations_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/internal/dev/pgtest"
)

func TestEverythingIsCommented(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	for what, sql := range map[string]string{
		"schemas": `
			SELECT nspname::text FROM pg_namespace
			WHERE nspname IN ('sms', 'etl', 'river') AND obj_description(oid, 'pg_namespace') IS NULL`,
		"tables and views": `
			SELECT oid::regclass::text FROM pg_class
			WHERE relnamespace IN ('sms'::regnamespace, 'etl'::regnamespace) AND relkind IN ('r', 'v', 'm', 'p', 'f')
			  AND obj_description(oid, 'pg_class') IS NULL`,
		"columns": `
			SELECT a.attrelid::regclass::text || '.' || a.attname
			FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
			WHERE c.relnamespace IN ('sms'::regnamespace, 'etl'::regnamespace) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
			  AND a.attnum > 0 AND NOT a.attisdropped AND col_description(a.attrelid, a.attnum) IS NULL`,
		"functions": `
			SELECT oid::regprocedure::text FROM pg_proc
			WHERE pronamespace IN ('sms'::regnamespace, 'etl'::regnamespace) AND obj_description(oid, 'pg_proc') IS NULL`,
		"tables, views and functions whose comment does not begin with a unit": `
			SELECT oid::regclass || ': ' || obj_description(oid, 'pg_class') FROM pg_class
			WHERE relnamespace IN ('sms'::regnamespace, 'etl'::regnamespace) AND relkind IN ('r', 'v', 'm', 'p', 'f')
			  AND obj_description(oid, 'pg_class') !~ '^[A-Za-z0-9, -]{3,25}\. '
			UNION ALL
			SELECT oid::regprocedure || ': ' || obj_description(oid, 'pg_proc') FROM pg_proc
			WHERE pronamespace IN ('sms'::regnamespace, 'etl'::regnamespace) AND obj_description(oid, 'pg_proc') !~ '^[A-Za-z0-9, -]{3,25}\. '`,
		"columns whose comment does not begin with a unit": `
			SELECT a.attrelid::regclass::text || '.' || a.attname || ': ' || col_description(a.attrelid, a.attnum)
			FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
			WHERE c.relnamespace IN ('sms'::regnamespace, 'etl'::regnamespace) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
			  AND a.attnum > 0 AND NOT a.attisdropped AND col_description(a.attrelid, a.attnum) !~ '^[A-Za-z0-9, -]{3,25}\. '`,
	} {
		if got := query(t, url, sql); got != "" {
			t.Errorf("%s:\n%s", what, got)
		}
	}
}

func TestEveryConstraintIsNamed(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	// Names that Postgres makes up end in _pkey, _fkey, _key, _check or _idx.
	if got := query(t, url, `
		SELECT conname::text FROM pg_constraint
		WHERE connamespace IN ('sms'::regnamespace, 'etl'::regnamespace)
		  AND contype <> 'n'
		  AND conname !~ CASE contype WHEN 'p' THEN '_pk$' WHEN 'f' THEN '_fk$' WHEN 'u' THEN '_uq$' WHEN 'c' THEN '_ck$' ELSE '_keep$' END
		UNION ALL
		SELECT indexrelid::regclass::text FROM pg_index
		WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace IN ('sms'::regnamespace, 'etl'::regnamespace))
		  AND indexrelid::regclass::text !~ '_(pk|uq|ix|ux)$'`); got != "" {
		t.Error(got)
	}
	// Facts declare no foreign keys, whose triggers would make large loads ten times slower; a key column has its dimension's name.
	if got := query(t, url, `
		SELECT coalesce(string_agg(a.attname, ' ' ORDER BY a.attname), '')
		FROM pg_attribute AS a
		WHERE a.attrelid = 'sms.fact_failure_daily'::regclass
		  AND a.attname LIKE '%\_key'
		  AND NOT EXISTS (
		          SELECT
		          FROM pg_constraint AS k
		          JOIN pg_attribute  AS p ON p.attrelid = k.conrelid AND k.conkey = ARRAY[p.attnum]
		          WHERE k.contype = 'p'
		            AND k.conrelid::regclass::text LIKE 'sms.dim\_%'
		            AND p.attname = a.attname)`); got != "" {
		t.Error("these lead nowhere:", got)
	}
}

// The columns are what people and scripts rely on.
func TestViews(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	for view, want := range map[string]string{
		"sms.delivery_daily": "send_date date, vendor text, account text, template text, label text, message_type text, requested bigint, accepted bigint, " +
			"processing_failed bigint, delivered bigint, send_failed bigint, pending bigint, billed_segments bigint, delivery_rate numeric, day_state text, " +
			"loaded_at timestamp with time zone, country text, template_name text, label_name text, account_name text, message_type_name text",
		"sms.failure_daily": "send_date date, vendor text, account text, template text, label text, message_type text, stage text, reason text, category text, " +
			"messages bigint, day_state text, loaded_at timestamp with time zone, country text, template_name text, label_name text, account_name text, message_type_name text",
	} {
		got := query(t, url, `
			SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
			FROM pg_attribute WHERE attrelid = '`+view+`'::regclass AND attnum > 0`)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", view, d)
		}
	}
}

func TestFilledDimensions(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	for sql, want := range map[string]string{
		`SELECT min(date_key)::text || ' ' || max(date_key) || ' ' || count(*) FROM sms.dim_date`: "2015-01-01 2040-12-31 9497",
		`SELECT concat_ws(' ', year, quarter, month, iso_year, iso_week, weekday, month_start, is_weekend)
		 FROM sms.dim_date WHERE date_key = '2023-01-01'`: "2023 1 1 2022 52 7 2023-01-01 t",
		`SELECT template_key || ' ' || code FROM sms.dim_template ORDER BY template_key DESC`:                            "-1 (unknown)\n-2 (none)\n-3 (not reported)",
		`SELECT label_key || ' ' || code FROM sms.dim_label ORDER BY label_key DESC`:                                     "-1 (unknown)\n-2 (none)\n-3 (not reported)",
		`SELECT code || ' ' || name FROM sms.dim_message_type WHERE message_type_key > 0 ORDER BY 1`:                     "0 domestic\n2 international",
		`SELECT count(DISTINCT measure) || ' ' || count(*) || ' ' || count(DISTINCT vendor_key) FROM sms.metric_support`: "11 33 3",
	} {
		if got := query(t, url, sql); got != want {
			t.Errorf("%s: got %q, want %q", strings.Join(strings.Fields(sql), " "), got, want)
		}
	}
}

// An analyst reads everything in sms, as-of functions included, writes nothing and sees nothing of etl.
func TestAnalyst(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), `SET ROLE sms_analyst`); err != nil {
		t.Fatal(err)
	}
	for readable := range strings.FieldsSeq(query(t, url, `
		SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'sms'::regnamespace AND relkind IN ('r', 'v', 'm', 'p', 'f')`) +
		" sms.delivery_daily_as_of(now()) sms.failure_daily_as_of(now())") {
		if _, err := conn.Exec(t.Context(), `SELECT count(*) FROM `+readable); err != nil {
			t.Errorf("%s: %v", readable, err)
		}
	}
	for _, forbidden := range []string{
		`SELECT FROM etl.load`, `SELECT FROM etl.raw`, `SELECT FROM etl.coverage`, `SELECT FROM river.river_job`,
		`DELETE FROM sms.fact_delivery_daily`, `UPDATE sms.dim_account SET zone = '+00:00'`, `INSERT INTO sms.delivery_by_day SELECT`,
		`CREATE TABLE sms.mine (a int)`,
	} {
		_, err := conn.Exec(t.Context(), forbidden)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "42501" {
			t.Errorf("%s: got %v, want permission denied", forbidden, err)
		}
	}
}

// Facts declare no foreign keys, so what they point at must not go away, whatever a session may set.
func TestDimensionRowsStay(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t))
	if _, err := conn.Exec(t.Context(), `SET session_replication_role = replica`); err != nil {
		t.Fatal(err)
	}
	for dimension := range strings.FieldsSeq("date vendor account template label message_type failure_reason") {
		for _, sql := range []string{"DELETE FROM sms.dim_" + dimension, "TRUNCATE sms.dim_" + dimension + " CASCADE"} {
			_, err := conn.Exec(t.Context(), sql)
			var pg *pgconn.PgError
			if !errors.As(err, &pg) || pg.Code != "23001" {
				t.Errorf("%s: got %v, want it refused", sql, err)
			}
		}
	}
}
