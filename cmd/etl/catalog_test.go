package main

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/pgtest"
)

// What a BI tool asks the catalog when it reads a database: of every driver the part that it shows to people. The login is an analyst's.
var (
	// As the JDBC driver's getTables and getColumns.
	describedQuery = `
		SELECT c.relkind::text, c.relname, coalesce(obj_description(c.oid, 'pg_class'), ''), count(*), count(col_description(c.oid, a.attnum))
		FROM pg_class     AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE n.nspname = 'sms'
		  AND c.relkind IN ('r', 'v')
		GROUP BY c.oid, c.relkind, c.relname
		ORDER BY c.relname`
	// As the JDBC driver's getPrimaryKeys.
	primaryKeyQuery = `
		SELECT a.attname
		FROM pg_index                                     AS i
		CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
		JOIN pg_attribute                                 AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
		WHERE i.indrelid = 'sms.fact_delivery_daily'::regclass
		  AND i.indisprimary
		ORDER BY k.position`
)

// foreignKeyQuery asks for a table's keys as the JDBC driver's getImportedKeys does.
func foreignKeyQuery(table string) string {
	return `
		SELECT a.attname || ' > ' || f.relname || '.' || b.attname
		FROM pg_constraint AS k
		JOIN pg_class      AS f ON f.oid = k.confrelid
		JOIN pg_namespace  AS n ON n.oid = f.relnamespace
		JOIN pg_attribute  AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
		JOIN pg_attribute  AS b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
		WHERE k.conrelid = 'sms.` + table + `'::regclass
		  AND k.contype = 'f'
		  AND n.nspname = 'sms'
		ORDER BY 1`
}

func TestCatalogAsABIToolSeesIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := &world{t: t, url: pgtest.New(t)}
	var err error
	if w.conn, err = pgx.Connect(ctx, w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.conn.Close(ctx) })
	analyst, err := pgx.Connect(ctx, w.as("sms_analyst").url)
	if err != nil {
		t.Fatal(err)
	}
	defer analyst.Close(ctx)

	_, described := answerLines(t, analyst, describedQuery)
	for _, line := range described {
		cells := strings.Split(line, "|")
		columns, comments := cells[len(cells)-2], cells[len(cells)-1]
		if cells[2] == "" || columns != comments {
			t.Errorf("%s %s: description %q, %s of %s columns are described", cells[0], cells[1], cells[2], comments, columns)
		}
	}
	if len(described) < 20 {
		t.Errorf("only %d tables and views are seen", len(described))
	}
	for what, c := range map[string]struct {
		query string
		want  []string
	}{
		"schemas":     {`SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')`, []string{"sms"}},
		"primary key": {primaryKeyQuery, []string{"date_key", "account_key", "template_key", "label_key", "message_type_key", "country_key"}},
		// Facts declare none, docs/bi.md says what tools are told instead; dimensions do.
		"foreign keys of a fact":      {foreignKeyQuery("fact_delivery_daily"), nil},
		"foreign keys of a dimension": {foreignKeyQuery("dim_template"), []string{"account_key > dim_account.account_key"}},
		"a view's columns": {`SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_schema = 'sms' AND table_name = 'settling' ORDER BY ordinal_position`, []string{
			"vendor text", "account text", "days_after integer", "days bigint", "messages bigint", "moved_messages bigint", "moved_share numeric",
		}},
		// PostgreSQL shows these only to those who may do more than read: tools that ask here are told of no keys, as docs/bi.md says.
		"constraints of information_schema": {`SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = 'sms'`, nil},
	} {
		_, got := answerLines(t, analyst, c.query)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
}
