package cookbook_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/cookbook"
)

// What queries are made of, to be made badly.
var (
	division  = regexp.MustCompile(`NULLIF\(((?:[^()]|\([^()]*\)|\((?:[^()]|\([^()]*\))*\))*), 0\)`)
	wholeness = regexp.MustCompile(`CASE WHEN count\([^()]+\)(?: OVER \w+)?\s*= count\(\*\)(?: OVER \w+)?\s+THEN ((?s:.)+?) END`)
	told0     = regexp.MustCompile(`CASE WHEN sum\((?:\w\.)?rows_not_reported\) = 0 THEN ((?s:.)+?) END`)
	summation = regexp.MustCompile(`\bsum\((\w+\.(?:requested|delivered|billed_segments|messages))\)`)
)

// mistake makes a query as people make it who do not beware.
var mistake = map[string]func(string) string{
	"a division by zero": func(sql string) string { return division.ReplaceAllString(sql, "$1") },
	"a sum with holes": func(sql string) string {
		return told0.ReplaceAllString(wholeness.ReplaceAllString(sql, "$1"), "$1")
	},
	"NULL taken for 0": func(sql string) string {
		return told0.ReplaceAllString(wholeness.ReplaceAllString(sql, "coalesce($1, 0)"), "coalesce($1, 0)")
	},
	"averages":                 func(sql string) string { return summation.ReplaceAllString(sql, "avg($1)") },
	"other days":               func(sql string) string { return strings.ReplaceAll(sql, "max(date_key)", "(max(date_key) - 40)") },
	"a row less":               func(sql string) string { return strings.TrimSuffix(sql, ";\n") + "\nOFFSET 1" },
	"numbers of today, always": func(sql string) string { return strings.Replace(sql, "k.reported_at)", "now())", 1) },
}

// fine are mistakes that change no answer, each with the reason.
var fine = map[string]string{
	"account_day_by_day: averages":                 "a mean divided by a mean of as many days is the sum divided by the sum",
	"failure_rate_by_template: a division by zero": "templates without messages are left out; who looks for small ones lowers the bound and needs it",
	"unusual_days: a division by zero":             "as for templates",
	"freshness: other days":                        "the forty days before are loaded and final",
	"how_late_receipts_settle: a division by zero": "sms.settling leaves out days without messages",
}

// A query that is made badly answers something else than the truth, in one warehouse at least: so the test of the good one can fail.
func mistakes(t *testing.T, w *warehouse, queries []cookbook.Query, worlds []*told) {
	t.Helper()
	noticed := map[string]bool{}
	for _, world := range worlds {
		w.asAnalyst(t, world.sql, func(tx pgx.Tx) {
			for _, q := range queries {
				for what, change := range mistake {
					sql, name := change(q.SQL), q.Name+": "+what
					if sql == q.SQL || noticed[name] {
						continue
					}
					err := pgx.BeginFunc(t.Context(), tx, func(tx pgx.Tx) error {
						answer, err := ask(t, tx, sql)
						noticed[name] = err != nil || !cmp.Equal(world.want[q.Name], answer.Rows, cmpopts.EquateEmpty())
						return err
					})
					if err != nil && !noticed[name] {
						t.Fatal(err)
					}
				}
			}
		})
	}
	for name, isNoticed := range noticed {
		if reason, isFine := fine[name]; isNoticed == isFine {
			t.Errorf("%s: noticed is %v; %s", name, isNoticed, reason)
		}
	}
}
