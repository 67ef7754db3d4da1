package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/check"
	"smsetl/internal/confined"
	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/sandbox"
	"smsetl/sandbox/traffic"
	"smsetl/vendors"
)

// TestMain lets the test binary be the program itself, for the tests that kill it.
func TestMain(m *testing.M) {
	if os.Getenv("ETL_TEST_BE_THE_PROGRAM") != "" || confined.IsChild(os.Args) {
		main()
		return
	}
	moreAtOnce()
	os.Exit(m.Run())
}

// moreAtOnce lets a small machine run four tests side by side where nobody said how many: they wait for vendors and databases more
// than they compute, and two at a time come near to go test's ten minutes.
func moreAtOnce() {
	const atOnce = 4
	isSaid := false
	flag.Visit(func(f *flag.Flag) { isSaid = isSaid || f.Name == "test.parallel" })
	if !isSaid && runtime.GOMAXPROCS(0) < atOnce {
		if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
			panic(err) // a flag of the testing package
		}
	}
}

// today is when the tests happen: a Sunday morning in +08:00.
var today = time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600))

// world is a database, the two vendors and a configuration that joins them.
type world struct {
	t       *testing.T
	url     string
	vendors *sandbox.Sandbox
	stop    func() // ends the vendors' servers
	config  string
	conn    *pgx.Conn
	reading *confined.Limits                 // of the processes that read files
	lookup  func(name string) (string, bool) // the variables of servers; nil for none
}

// apart are the limits of the program, where it has processes to read files.
func apart() *confined.Limits {
	if confined.IsSupported() {
		return &confined.Limits{}
	}
	return nil
}

// quick are vendors whose limits are out of the way, so that a test of right and wrong takes no longer than it must.
func quick(days int) sandbox.Options {
	return sandbox.Options{
		Seed: 7, Days: days, Now: func() time.Time { return today }, Tencent: sandbox.TencentRules{PerSecond: 1_000_000},
		Secrets: []sandbox.Secret{{
			Source: "tencent-main", ID: "AKIDsandbox", Key: "sandbox-secret",
			Apps: []sandbox.App{{ID: "1400006874", Profile: traffic.Busy}, {ID: "1400012345", Profile: traffic.Quiet}},
		}},
	}
}

func newWorld(t *testing.T, options sandbox.Options) *world {
	t.Helper()
	return newWorldIn(t, pgtest.New(t), options)
}

// newWorldIn is newWorld in a database that is there.
func newWorldIn(t *testing.T, url string, options sandbox.Options) *world {
	t.Helper()
	vendors := sandbox.New(options)
	addresses, stop, err := vendors.Listen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w := &world{t: t, url: url, vendors: vendors, stop: stop, config: filepath.Join(t.TempDir(), "schedules.yaml")}
	text := vendors.SchedulesYAML(addresses)
	text = strings.ReplaceAll(text, "    sms_key:", "    max_requests_per_second: 1000\n    sms_key:")
	text = strings.ReplaceAll(text, "    secret_id:", "    max_requests_per_second: 1000\n    secret_id:")
	w.write(text)
	if w.conn, err = pgx.Connect(context.Background(), w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.conn.Close(context.Background()) })
	return w
}

func (w *world) write(config string) {
	w.t.Helper()
	if err := os.WriteFile(w.config, []byte(config), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// etl runs the program in this process, as its main does.
func (w *world) etl(command string, arguments ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	return w.etlUntil(context.Background(), command, arguments...)
}

// etlUntil is etl with a context that ends as a signal would end it.
func (w *world) etlUntil(ctx context.Context, command string, arguments ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	var out, errs bytes.Buffer
	env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) {
		if name == "DATABASE_URL" {
			return w.url, true
		}
		return "", false
	}, read: os.ReadFile}
	all := append([]string{command, "--config", w.config}, arguments...)
	code = run(ctx, all, env, &out, &errs)
	return code, out.String(), errs.String()
}

// prune throws old answers away, and tells what it says.
func (w *world) prune(now time.Time, arguments ...string) string {
	w.t.Helper()
	var out, errs bytes.Buffer
	env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) { return w.url, name == "DATABASE_URL" }, read: os.ReadFile}
	all := append(append([]string{"raw", "prune", "--config", w.config}, at(now)...), arguments...)
	if code := run(w.t.Context(), all, env, &out, &errs); code != exitOK {
		w.t.Fatalf("%v: exit %d\n%s%s", all, code, &out, &errs)
	}
	return out.String()
}

// must runs the program and insists on an exit code.
func (w *world) must(want int, command string, arguments ...string) string {
	w.t.Helper()
	code, stdout, stderr := w.etl(command, arguments...)
	if code != want {
		w.t.Fatalf("etl %s %v: exit %d, want %d\n%s\n%s", command, arguments, code, want, stdout, stderr)
	}
	return stdout
}

func at(t time.Time) []string { return []string{"--now", t.Format(time.RFC3339)} }

// equalsTruth compares the warehouse's views with the vendors' truth, both ways, for all days up to yesterday.
func (w *world) equalsTruth() bool {
	w.t.Helper()
	differ := w.differences()
	for _, d := range differ[:min(len(differ), 5)] {
		w.t.Logf("differs: %s", d)
	}
	return len(differ) == 0
}

// differences lists rows that only one side has. An empty list means equal, duplicates included.
func (w *world) differences() []string {
	w.t.Helper()
	yesterday := today.AddDate(0, 0, -1).Format(time.DateOnly)
	truth, err := w.vendors.Truth(w.vendors.First(), yesterday, today)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(truth.Deliveries) == 0 || len(truth.Failures) == 0 {
		w.t.Fatal("the truth is empty, so equality would mean nothing")
	}
	var differ []string
	for name, rows := range map[string]any{"delivery_daily": truth.Deliveries, "failure_daily": truth.Failures} {
		document, err := json.Marshal(rows)
		if err != nil {
			w.t.Fatal(err)
		}
		differ = append(differ, w.exceptBothWays(name, document)...)
	}
	return differ
}

// exceptBothWays compares a view with rows given as JSON, column by column of the same names.
func (w *world) exceptBothWays(view string, rows []byte) []string {
	w.t.Helper()
	columns := map[string]string{
		"delivery_daily": "send_date, vendor, account, template, label, message_type, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments",
		"failure_daily":  "send_date, vendor, account, template, label, message_type, stage, reason, category, messages",
	}[view]
	query := strings.NewReplacer("VIEW", "sms."+view, "COLUMNS", columns).Replace(`
		WITH truth AS (
		    SELECT COLUMNS FROM jsonb_populate_recordset(NULL::VIEW, $1::jsonb)
		)
		(SELECT 'only in the warehouse: ' || to_jsonb(x)::text FROM (SELECT COLUMNS FROM VIEW EXCEPT ALL SELECT COLUMNS FROM truth) AS x)
		UNION ALL
		(SELECT 'only in the truth: ' || to_jsonb(x)::text FROM (SELECT COLUMNS FROM truth EXCEPT ALL SELECT COLUMNS FROM VIEW) AS x)`)
	found, err := w.conn.Query(context.Background(), query, string(rows))
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// number asks the database for one number.
func (w *world) number(query string) int64 {
	w.t.Helper()
	var n int64
	if err := w.conn.QueryRow(context.Background(), query).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// tuples counts every tuple ever written to facts and dimensions of this database.
func (w *world) tuples() int64 {
	w.t.Helper()
	time.Sleep(200 * time.Millisecond) // a closed session's counters arrive a moment later
	if _, err := w.conn.Exec(context.Background(), "SELECT pg_stat_clear_snapshot()"); err != nil {
		w.t.Fatal(err)
	}
	return w.number(`
		SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint
		FROM   pg_stat_user_tables
		WHERE  schemaname = 'sms'
		  AND  relname ~ '^(fact|dim|delivery)_'`)
}

// addApp lists one more application in the configuration.
func (w *world) addApp(id string) {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	changed := strings.Replace(string(text), "sdk_app_ids: [", `sdk_app_ids: ["`+id+`", `, 1)
	if changed == string(text) {
		w.t.Fatalf("no sdk_app_ids in the configuration:\n%s", text)
	}
	w.write(changed)
}

// shortWindows makes EngageLab answer more often, so that faults have something to hit.
func (w *world) shortWindows() {
	w.t.Helper()
	text, err := os.ReadFile(w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(strings.ReplaceAll(string(text), "    sms_key:", "    chunk_days: 5\n    sms_key:"))
}

// noLeftovers looks for what a killed load could leave behind.
func (w *world) noLeftovers() {
	w.t.Helper()
	for what, query := range map[string]string{
		"staging tables":  "SELECT count(*) FROM pg_class WHERE relname ~ 'staging' AND relkind = 'r'",
		"unfinished jobs": "SELECT count(*) FROM river.river_job WHERE finalized_at IS NULL",
	} {
		if n := w.number(query); n != 0 {
			w.t.Errorf("%d %s", n, what)
		}
	}
	d, err := db.Open(context.Background(), w.url, db.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer d.Close()
	accounts, err := db.AccountKeys(context.Background(), d.Pool, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	differ, err := check.Ledger(context.Background(), d.Pool, accounts, 0)
	if err != nil || len(differ) > 0 {
		w.t.Errorf("days that do not match the ledger: %v (%v)", differ, err)
	}
}
