package load_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/dev/pgtest"
	"smsetl/load"
	"smsetl/sms"
)

// grown is a warehouse whose server analyzes nothing by itself, and one more for a role.
func grown(t *testing.T, role string) (owner, loader *load.Warehouse) {
	t.Helper()
	url := pgtest.New(t)
	all := make([]*load.Warehouse, 2)
	for i, as := range []string{"", "&role=" + role} {
		wh, err := load.Open(t.Context(), url+as, load.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(wh.Close)
		all[i] = wh
	}
	for table := range strings.FieldsSeq(dump(t, all[0], `SELECT c.oid::regclass FROM pg_class AS c WHERE relnamespace = 'sms'::regnamespace AND relkind = 'r'`)) {
		if _, err := all[0].Pool().Exec(t.Context(), "ALTER TABLE "+table+" SET (autovacuum_enabled = off)"); err != nil {
			t.Fatal(err)
		}
	}
	return all[0], all[1]
}

// days are the facts of so many days, 1,000 rows each.
func days(first string, count int) answer {
	from := day(first)
	w, err := sms.NewWindow(from, from+sms.Day(count)-1, east)
	if err != nil {
		panic(err)
	}
	batch := answer{Scope: sms.Scope{Account: marketing, Datasets: []sms.Dataset{sms.StatsDay}, Window: w}}
	for d := range w.Days() {
		for i := range 1000 {
			r := row(first, fmt.Sprint("t", i), int64(100+i))
			r.Day = d
			batch.Deliveries = append(batch.Deliveries, r)
		}
	}
	return batch
}

// analyzed gives for which rows of the fact the planner has plans, in thousands, and whether it knows the days.
const analyzed = `
	SELECT CASE WHEN reltuples < 0 THEN 'never' ELSE round(reltuples / 1000) || ' thousand' END,
	       (SELECT count(*) FROM pg_stats WHERE schemaname = 'sms' AND tablename = 'fact_delivery_daily' AND attname = 'date_key')
	FROM pg_class
	WHERE oid = 'sms.fact_delivery_daily'::regclass`

// The planner knows of a fact that has grown by half when the load ends that made it grow, and is not told of less.
func TestGrownFactsAreAnalyzed(t *testing.T) {
	t.Parallel()
	wh, _ := grown(t, "sms_loader")
	if err := wh.Account(t.Context(), "test", marketing); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name  string
		batch answer
		want  string
	}{
		{"too little to matter", days("01-01", 2), "never 0"},
		{"the first load that matters", days("01-03", 18), "20 thousand 1"},
		{"the same again", days("01-03", 18), "20 thousand 1"},
		{"a little more", days("01-21", 4), "20 thousand 1"},
		{"half as much again", days("01-25", 10), "34 thousand 1"},
	} {
		put(t, wh, step.batch, now("03-20 12:00"))
		if d := cmp.Diff(step.want, dump(t, wh, analyzed)); d != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, d)
		}
	}
}

// A role that only loads may not analyze what it does not own. Its loads are as good, and nobody is bothered.
func TestLoaderLeavesAnalyzingToTheServer(t *testing.T) {
	t.Parallel()
	owner, loader := grown(t, "sms_loader")
	if err := loader.Account(t.Context(), "test", marketing); err != nil {
		t.Fatal(err)
	}
	if r := put(t, loader, days("01-01", 20), now("03-20 12:00")); r.Inserted != 20_000 {
		t.Errorf("%d rows inserted, want 20,000", r.Inserted)
	}
	if got := dump(t, owner, analyzed); got != "never 0" {
		t.Errorf("%s, want nothing analyzed", got)
	}
	if r := put(t, owner, days("01-21", 1), now("03-20 12:00")); r.Inserted != 1000 {
		t.Errorf("%d rows inserted, want 1,000", r.Inserted)
	}
	if got := dump(t, owner, analyzed); got != "21 thousand 1" {
		t.Errorf("%s after a load of the owner", got)
	}
}
