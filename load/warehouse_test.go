package load_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/belief"
	"smsetl/check"
	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/internal/dev/smstest"
	"smsetl/internal/pack"
	"smsetl/load"
	"smsetl/sms"
)

var (
	east      = zone("+08:00")
	marketing = sms.Account{Vendor: sms.EngageLab, ID: "marketing", Zone: east}
	app       = sms.Account{Vendor: sms.Tencent, ID: "1400006874", Zone: east}
)

// open gives a warehouse in a database of its own, with the accounts known.
func open(t testing.TB, accounts ...sms.Account) *load.Warehouse {
	t.Helper()
	return openIn(t, pgtest.New(t), accounts...)
}

// openIn is open in a database that is there.
func openIn(t testing.TB, url string, accounts ...sms.Account) *load.Warehouse {
	t.Helper()
	wh, err := load.Open(t.Context(), url, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	for _, account := range accounts {
		if err := wh.Account(t.Context(), "test", account); err != nil {
			t.Fatal(err)
		}
	}
	return wh
}

// scope reads "01-05..01-07" of 2026, or "01-05" for one day.
func scope(account sms.Account, days string, datasets ...sms.Dataset) sms.Scope {
	first, last, ok := strings.Cut(days, "..")
	if !ok {
		last = first
	}
	w, err := sms.NewWindow(day(first), day(last), account.Zone)
	if err != nil {
		panic(err)
	}
	return sms.Scope{Account: account, Datasets: datasets, Window: w}
}

// put begins a load and puts the batch as of "01-20 12:00", long after every day of the tests has settled.
// rules are the program's, with a second answer an hour later.
func rules(settleDays int) *belief.Rules {
	s := belief.Default
	s.SettleDays, s.ConfirmAfter = settleDays, time.Hour
	return belief.New(s)
}

// forgetful are the rules for a vendor that keeps so many days.
func forgetful(days int) *belief.Rules {
	r := rules(4)
	r.RetentionDays = days
	return r
}

// gullible believes everything, and settles days as the rules do.
type gullible struct{ *belief.Rules }

func (gullible) Decide(e *sms.Evidence) sms.Decisions {
	return sms.Decisions{Days: slices.Repeat([]sms.Decision{{Outcome: sms.Believe}}, len(e.Days))}
}

func put(t testing.TB, wh *load.Warehouse, batch answer, change ...func(*load.PutOptions)) load.Result {
	t.Helper()
	result, err := tryPut(t.Context(), wh, batch, change...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// tryPut ends a load as the job does: by its bytes when they are the ones last loaded, else by its rows.
func tryPut(ctx context.Context, wh *load.Warehouse, batch answer, change ...func(*load.PutOptions)) (load.Result, error) {
	options := load.PutOptions{Now: at("01-20 12:00"), Rules: rules(4), TransformVersion: 1}
	for _, c := range change {
		c(&options)
	}
	id, err := wh.Begin(ctx, load.Start{Scope: batch.Scope, Now: options.Now})
	if err != nil {
		return load.Result{}, err
	}
	if result, done, err := wh.Confirm(ctx, id, batch.Scope, options, nil); done || err != nil {
		return result, err
	}
	return wh.Put(ctx, id, batchOf(batch), options, nil)
}

func now(text string) func(*load.PutOptions) {
	return func(o *load.PutOptions) { o.Now = at(text) }
}

func content(text string) func(*load.PutOptions) {
	return func(o *load.PutOptions) { o.ContentHash = pack.Bytes([]byte(text)).Hash }
}

// row is a delivery row whose numbers follow from requested: nine of ten delivered, the rest failed.
func row(d, template string, requested int64) sms.Delivery {
	n := sms.Reported
	failed := requested / 10
	return sms.Delivery{
		Grain: sms.Grain{Day: day(d), Template: sms.Named(template), Label: sms.None, MessageType: sms.Named("2"), Country: sms.NotReported},
		Measures: sms.Measures{
			Requested: n(requested), Accepted: n(requested), ProcessingFailed: n(0), Delivered: n(requested - failed), SendFailed: n(failed),
			Pending: n(0), BilledSegments: n(requested), VendorSent: n(requested),
		},
	}
}

var (
	powerOff = &sms.Reason{Code: "power_off", Stage: sms.Sending, Category: sms.Unreachable}
	busy     = &sms.Reason{Code: "busy", Stage: sms.Sending, Category: sms.Unreachable}
	keyword  = &sms.Reason{Code: "keyword_block", Stage: sms.Processing, Category: sms.ContentTemplate}
)

func failure(d, template string, reason *sms.Reason, messages int64) sms.Failure {
	return sms.Failure{
		Grain:  sms.Grain{Day: day(d), Template: sms.Named(template), Label: sms.None, MessageType: sms.Named("2"), Country: sms.NotReported},
		Reason: reason, Messages: sms.Reported(messages),
	}
}

// dump gives the rows of a query as text, one a line.
func dump(t testing.TB, wh *load.Warehouse, query string, arguments ...any) string {
	t.Helper()
	return dumpWith(t.Context(), t, wh, query, arguments...)
}

// dumpWith is dump for the test of a property, which has no context.
func dumpWith(ctx context.Context, t interface{ Fatal(arguments ...any) }, wh *load.Warehouse, query string, arguments ...any) string {
	return strings.Join(pgtest.Rows(ctx, t, wh.DB, query, arguments...), "\n")
}

// How days and times are written here.
var at, day, zone = smstest.At, smstest.Day, smstest.Zone

// same compares a dump with the lines wanted.
func same(t testing.TB, what, got string, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, strings.Split(got, "\n")); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// verifyReasons checks that the summary of failures is the sum of its fact.
func verifyReasons(t testing.TB, wh *load.Warehouse) {
	t.Helper()
	if got := dump(t, wh, `
		WITH facts AS (
		    SELECT date_key, account_key, reason_key, count(*), count(*) FILTER (WHERE messages IS NULL), sum(messages)::bigint
		    FROM sms.fact_failure_daily GROUP BY 1, 2, 3
		), stored AS (
		    SELECT date_key, account_key, reason_key, row_count, rows_not_reported, messages FROM sms.failure_by_day
		)
		(TABLE facts EXCEPT ALL TABLE stored) UNION ALL (TABLE stored EXCEPT ALL TABLE facts)`); got != "" {
		t.Errorf("sms.failure_by_day is not the sum of the facts:\n%s", got)
	}
}

// sums are the sums of measures, in SQL.
func sums(measures string) string {
	var all []string
	for m := range strings.FieldsSeq(measures) {
		all = append(all, fmt.Sprintf("sum(%s)::bigint AS %[1]s", m))
	}
	return strings.Join(all, ", ")
}

// verifySums checks that the summaries of deliveries are the sums of the facts.
func verifySums(t testing.TB, wh *load.Warehouse) {
	t.Helper()
	sums := sums("requested accepted processing_failed delivered send_failed pending billed_segments vendor_sent")
	for _, summary := range []struct{ table, keys, by string }{
		{"sms.delivery_by_day", "date_key, account_key", "date_key, account_key"},
		{"sms.delivery_by_month_template", "month_start, account_key, template_key", "date_trunc('month', date_key::timestamp)::date, account_key, template_key"},
		{"sms.delivery_by_month_label", "month_start, account_key, label_key, message_type_key, country_key", "date_trunc('month', date_key::timestamp)::date, account_key, label_key, message_type_key, country_key"},
	} {
		facts := `SELECT ` + summary.by + `, count(*) AS row_count, count(*) FILTER (WHERE num_nulls(requested, delivered, processing_failed, send_failed) > 0) AS rows_not_reported, ` + sums + ` FROM sms.fact_delivery_daily GROUP BY ` + summary.by
		stored := `SELECT ` + summary.keys + `, row_count, rows_not_reported, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments, vendor_sent FROM ` + summary.table
		query := `(` + facts + ` EXCEPT ALL ` + stored + `) UNION ALL (` + stored + ` EXCEPT ALL ` + facts + `)`
		if got := dump(t, wh, query); got != "" {
			t.Errorf("%s is not the sum of the facts:\n%s", summary.table, got)
		}
	}
}

// verifyVersions checks that at the time of every load days added up to what their rows did.
func verifyVersions(t testing.TB, wh *load.Warehouse) {
	t.Helper()
	sums := sums("requested accepted processing_failed delivered send_failed pending billed_segments")
	rows := `SELECT send_date, vendor, account, ` + sums + ` FROM sms.delivery_daily_as_of(l.loaded_at) GROUP BY 1, 2, 3`
	days := `SELECT send_date, vendor, account, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments FROM sms.account_daily_as_of(l.loaded_at)`
	if got := dump(t, wh, `
		SELECT l.load_id, x::text
		FROM etl.load AS l
		CROSS JOIN LATERAL ((`+rows+` EXCEPT ALL `+days+`) UNION ALL (`+days+` EXCEPT ALL `+rows+`)) AS x
		WHERE l.loaded_at IS NOT NULL`); got != "" {
		t.Errorf("the days of then are not the sums of the rows of then:\n%s", got)
	}
}

// mismatches lists the days of which the ledger says something else than the tables: dataset, day, rows of both.
func mismatches(t testing.TB, wh *load.Warehouse) string {
	t.Helper()
	accounts, err := db.AccountKeys(t.Context(), wh.Pool(), nil)
	if err != nil {
		t.Fatal(err)
	}
	differ, err := check.Ledger(t.Context(), wh.Pool(), accounts, 0)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range differ {
		lines = append(lines, fmt.Sprint(d.Dataset, " ", d.Day, " ", d.Told.Rows, " ", d.Stored.Rows))
	}
	return strings.Join(lines, "\n")
}

// verify checks what must hold after every load: the ledger describes the facts, the summaries are their sums, and no
// staging table is left.
func verify(t testing.TB, wh *load.Warehouse) {
	t.Helper()
	if got := mismatches(t, wh); got != "" {
		t.Error("ledger and facts differ:", got)
	}
	verifySums(t, wh)
	verifyReasons(t, wh)
	verifyVersions(t, wh)
	if got := dump(t, wh, `SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'`); got != "" {
		t.Error("staging tables are left:", got)
	}
	if got := dump(t, wh, `
		SELECT load_id FROM etl.load
		WHERE outcome IN ('loaded', 'unchanged', 'superseded') AND received <> inserted + updated + unchanged + rejected + held`); got != "" {
		t.Error("counters of loads do not add up:", got)
	}
}
