package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/ingest"
	"smsetl/internal/dev/pgtest"
	"smsetl/sandbox/huawei"
	"smsetl/vendors"
)

// exported is a world whose vendor answers no questions: a console, and a folder into which somebody saves its exports.
type exported struct {
	*world
	console *huawei.Console
	dir     string
	logs    strings.Builder // all that the program ever said
	lineage string          // the address of a collector; empty for none
}

const exportingConfig = `
sources:
  - name: huawei-main
    vendor: huawei
    applications: [harbor-home, harbor-world]
    phone_key: a key of the tests, 32 bytes long
    history_start: 2026-11-10
    export_time_zone: "+08:00"
    numbers: mainland
    chunk_days: 3
`

func newExported(t *testing.T) *exported {
	t.Helper()
	return newExportedOf(t, weekOptions)
}

// weekOptions are those of the week that the tests are about: from the 9th on in UTC, so that the 10th is whole in +08:00.
var weekOptions = huawei.ConsoleOptions{Seed: 11, First: "2026-11-09", Days: 9, PerDay: 30}

func newExportedOf(t *testing.T, o huawei.ConsoleOptions) *exported {
	t.Helper()
	return newExportedIn(t, pgtest.New(t), o)
}

// newExportedIn is newExportedOf in a database that is there.
func newExportedIn(t *testing.T, url string, o huawei.ConsoleOptions) *exported {
	t.Helper()
	w := &world{t: t, url: url, config: filepath.Join(t.TempDir(), "schedules.yaml"), reading: apart()}
	w.write(exportingConfig)
	var err error
	if w.conn, err = pgx.Connect(context.Background(), w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.conn.Close(context.Background()) })
	return &exported{world: w, console: huawei.NewConsole(o), dir: t.TempDir()}
}

// beijing is the zone of the account's days.
var beijing = time.FixedZone("+08:00", 8*3600)

// the week that the tests are about.
var (
	weekStart = time.Date(2026, 11, 10, 0, 0, 0, 0, beijing)
	weekEnd   = weekStart.AddDate(0, 0, 7)
)

// save exports and saves a file; its time is when it was exported, as a browser leaves it.
func (x *exported) save(name string, e huawei.Export) string {
	x.t.Helper()
	e.Hours, e.From, e.To, e.At = 8, e.From.UTC(), e.To.UTC(), e.At.UTC()
	f, err := x.console.Export(e)
	if err != nil {
		x.t.Fatal(err)
	}
	if f.IsCut {
		x.t.Fatalf("%s is cut", f.Name)
	}
	return x.keep(name, e, f)
}

// page exports and saves a statistics page.
func (x *exported) page(name string, e huawei.Export) string {
	x.t.Helper()
	f, err := x.console.Statistics(e)
	if err != nil {
		x.t.Fatal(err)
	}
	return x.keep(name, e, f)
}

func (x *exported) keep(name string, e huawei.Export, f huawei.ExportFile) string {
	x.t.Helper()
	dir := filepath.Join(x.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		x.t.Fatal(err)
	}
	path := filepath.Join(dir, f.Name)
	if err := os.WriteFile(path, f.Data, 0o600); err != nil {
		x.t.Fatal(err)
	}
	if err := os.Chtimes(path, e.At, e.At); err != nil {
		x.t.Fatal(err)
	}
	return path
}

// run runs the command.
func (x *exported) run(arguments ...string) (code int, stdout, stderr string) {
	x.t.Helper()
	var out, errs bytes.Buffer
	env := environment{vendors: vendors.All, read: os.ReadFile, reading: x.reading, lookup: func(name string) (string, bool) {
		value := map[string]string{"DATABASE_URL": x.url, "OPENLINEAGE_URL": x.lineage}[name]
		return value, value != ""
	}}
	all := append([]string{"import", "huawei", "--config", x.config, "--source", "huawei-main"}, at(today)...)
	code = run(context.Background(), append(all, arguments...), env, &out, &errs)
	x.logs.WriteString(out.String() + errs.String())
	return code, out.String(), errs.String()
}

// bring imports files and gives the report.
func (x *exported) bring(want int, paths []string, flags ...string) (r ingest.Report) {
	x.t.Helper()
	code, stdout, stderr := x.run(append(append([]string{"-o", "json"}, flags...), paths...)...)
	if code != want {
		x.t.Fatalf("exit %d, want %d\n%s\n%s", code, want, stdout, stderr)
	}
	if err := readJSON(stdout, &r); err != nil {
		x.t.Fatalf("%v\n%s", err, stdout)
	}
	return r
}

// differsFrom lists rows that only the warehouse or only the truth has.
func (x *exported) differsFrom(truth huawei.Truth) []string {
	x.t.Helper()
	if len(truth.Deliveries) == 0 || len(truth.Failures) == 0 {
		x.t.Fatal("the truth is empty, so equality would mean nothing")
	}
	var differ []string
	compare := func(view, columns string, rows any) {
		document, err := json.Marshal(rows)
		if err != nil {
			x.t.Fatal(err)
		}
		query := strings.NewReplacer("VIEW", view, "COLUMNS", columns).Replace(`
			WITH truth AS (SELECT COLUMNS FROM jsonb_populate_recordset(NULL::VIEW, $1::jsonb))
			(SELECT 'only in the warehouse: ' || to_jsonb(x)::text FROM (SELECT COLUMNS FROM VIEW EXCEPT ALL SELECT COLUMNS FROM truth) AS x)
			UNION ALL
			(SELECT 'only in the truth: ' || to_jsonb(x)::text FROM (SELECT COLUMNS FROM truth EXCEPT ALL SELECT COLUMNS FROM VIEW) AS x)`)
		found, err := x.conn.Query(context.Background(), query, string(document))
		if err != nil {
			x.t.Fatal(err)
		}
		all, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			x.t.Fatal(err)
		}
		differ = append(differ, all...)
	}
	compare("sms.delivery_daily", "send_date, vendor, account, template, label, message_type, country, requested, accepted, processing_failed, delivered, send_failed, pending, billed_segments",
		flat(x.t, truth.Deliveries))
	compare("sms.failure_daily", "send_date, vendor, account, template, label, message_type, country, stage, reason, category, messages", flat(x.t, truth.Failures))
	return append(differ, x.timesDiffer(truth)...)
}

// flat gives rows as JSON has them, with the country under the view's name for it.
func flat[R any](t *testing.T, rows []R) (all []map[string]json.RawMessage) {
	t.Helper()
	for _, r := range rows {
		document, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var row map[string]json.RawMessage
		if err := json.Unmarshal(document, &row); err != nil {
			t.Fatal(err)
		}
		if country, there := row["Country"]; there {
			row["country"] = country
			delete(row, "Country")
		}
		all = append(all, row)
	}
	return all
}

// equals insists on the truth.
func (x *exported) equals(what string, truth huawei.Truth) {
	x.t.Helper()
	differ := x.differsFrom(truth)
	for _, d := range differ[:min(len(differ), 4)] {
		x.t.Errorf("%s: %s", what, d)
	}
}

// week saves the week as exports of a day, each of its own look, in an order of their own, some of them twice.
func (x *exported) week(dice *rand.Rand, made time.Time) (paths []string) {
	x.t.Helper()
	all := x.console.Exports(dice, weekStart, weekEnd, made, 24*time.Hour)
	for i, e := range all {
		paths = append(paths, x.save(fmt.Sprint(made.Unix(), "-", i), e))
		if i%3 == 0 {
			paths = append(paths, x.save(fmt.Sprint(made.Unix(), "-again-", i), huawei.RandomLook(dice, e)))
		}
	}
	dice.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths
}

func TestImportIsTheTruthInAnyOrder(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	dice := rand.New(rand.NewPCG(3, 5))
	young, old := weekEnd.Add(time.Hour), weekEnd.Add(96*time.Hour)
	first := x.bring(0, x.week(dice, young))
	if first.Inserted == 0 || first.Messages == 0 || len(first.Missing) > 0 {
		t.Errorf("first import: %+v", first)
	}
	x.equals("the week as it was known when it was exported", x.console.Truth(weekStart, weekEnd, 8, young))
	if n := x.number(`SELECT count(*) FROM etl.coverage WHERE state = 'provisional'`); n == 0 {
		t.Error("no day waits for late reports")
	}

	newer := x.week(dice, old)
	x.bring(0, newer)
	settled := x.console.Truth(weekStart, weekEnd, 8, old)
	x.equals("after newer exports", settled)
	x.noLeftovers()

	// Older exports once more, with newer ones known: nothing is news.
	before := x.tuples()
	x.bring(0, x.week(rand.New(rand.NewPCG(8, 8)), young))
	again := x.bring(0, newer)
	if again.Inserted+again.Updated+again.Removed+again.Messages+again.Changed != 0 || again.Unchanged == 0 {
		again.Files = nil
		t.Errorf("again: %+v", again)
	}
	if written := x.tuples() - before; written != 0 {
		t.Errorf("importing again wrote %d tuples", written)
	}
	x.equals("again", settled)
	if n := x.number(`SELECT count(*) FROM etl.coverage WHERE state <> 'final' AND state <> 'empty'`); n != 0 {
		t.Errorf("%d days are not settled", n)
	}
	if code, stdout, stderr := x.run(newer[0]); code != 0 || !strings.Contains(stdout, "No fact changed") {
		t.Errorf("exit %d; nothing is said of nothing:\n%s%s", code, stdout, stderr)
	}
	x.holdsNothingPrivate()
}

func TestMissingExportsLeaveDaysOpen(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	made := weekEnd.Add(96 * time.Hour)
	var paths, missing []string
	for i, e := range x.console.Exports(rand.New(rand.NewPCG(1, 2)), weekStart, weekEnd, made, 8*time.Hour) {
		if i%9 == 1 || i%9 == 3 || i%9 == 4 {
			missing = append(missing, x.save(fmt.Sprint(i), e))
			continue
		}
		paths = append(paths, x.save(fmt.Sprint(i), e))
	}
	r := x.bring(3, paths)
	lacks := map[string]string{}
	for _, m := range r.Missing {
		lacks[m.Account+" "+m.Day] = m.Hours
	}
	for day, hours := range map[string]string{
		"2026-11-10": "08-15", "2026-11-11": "00-15", "2026-11-13": "08-15", "2026-11-14": "00-15", "2026-11-16": "08-15",
	} {
		for _, app := range []string{"harbor-home", "harbor-world"} {
			if lacks[app+" "+day] != hours {
				t.Errorf("%s %s lacks hours %q, want %q", app, day, lacks[app+" "+day], hours)
			}
		}
	}
	if len(r.Missing) != 10 {
		t.Errorf("%d days lack hours, want 10: %v", len(r.Missing), r.Missing)
	}
	status := x.must(3, "status", at(today)...)
	if !strings.Contains(status, "no export of hours 08-15") {
		t.Errorf("the status does not tell of hours:\n%s", status)
	}
	if n := x.number(`SELECT count(*) FROM etl.coverage WHERE date_key IN ('2026-11-10', '2026-11-11') AND state <> 'failed'`); n != 0 {
		t.Errorf("%d lines of days with missing hours are not failed", n)
	}
	whole := x.console.Truth(weekStart.AddDate(0, 0, 2), weekStart.AddDate(0, 0, 3), 8, made)
	later := x.console.Truth(weekStart.AddDate(0, 0, 5), weekStart.AddDate(0, 0, 6), 8, made)
	whole.Deliveries, whole.Failures = append(whole.Deliveries, later.Deliveries...), append(whole.Failures, later.Failures...)
	whole.Times = append(whole.Times, later.Times...)
	x.equals("two of the days are whole", whole)

	x.bring(0, missing)
	x.equals("when the rest has come", x.console.Truth(weekStart, weekEnd, 8, made))
}

func TestImportShowsWhatItUnderstands(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	path := x.save("one", huawei.Export{From: weekStart, To: weekStart.AddDate(0, 0, 1), At: weekEnd, Chinese: true, XLSX: true})
	r := x.bring(0, []string{path}, "--dry-run")
	if len(r.Files) != 1 || r.Files[0].Columns["sent_at"] != "发送时间" || len(r.Files[0].Cells) != ingest.PreviewRows || r.RunID != 0 {
		t.Errorf("preview: %+v", r)
	}
	if n := x.number(`SELECT count(*) FROM etl.load`) + x.number(`SELECT count(*) FROM etl.run`); n != 0 {
		t.Errorf("a dry run wrote %d lines", n)
	}
	code, stdout, _ := x.run(path, "--dry-run")
	if code != 0 || !strings.Contains(stdout, "not kept: 短信内容") || !strings.Contains(stdout, "2026-11-10 ") {
		t.Errorf("exit %d:\n%s", code, stdout)
	}
	for private := range x.console.Private() {
		if strings.Contains(x.logs.String(), private) {
			t.Fatalf("%q is shown", private)
		}
	}
}

func TestImportRefusesWhatItCannotKnow(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	path := x.save("one", huawei.Export{From: weekStart, To: weekStart.AddDate(0, 0, 1), At: weekEnd})
	other := filepath.Join(x.dir, "other.csv")
	if err := os.WriteFile(other, []byte("name,price\nanything,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		arguments []string
		says      string
	}{
		"a file that is not there":   {[]string{"nowhere.csv"}, "nowhere.csv cannot be opened"},
		"another table":              {[]string{other}, `found "name", "price"`},
		"half a stretch":             {[]string{path, "--from", "2026-11-10"}, "--from and --to go together"},
		"an application of nobody's": {[]string{path, "--account", "shop"}, `--account "shop" is no application`},
	} {
		code, stdout, stderr := x.run(test.arguments...)
		if code != exitUsage || !strings.Contains(stderr, test.says) {
			t.Errorf("%s: exit %d, want %q:\n%s%s", name, code, test.says, stdout, stderr)
		}
	}
	x.write(strings.Replace(exportingConfig, "harbor-home, harbor-world", "harbor-home", 1))
	if code, _, stderr := x.run(path); code != exitUsage || !strings.Contains(stderr, `application "harbor-world"`) {
		t.Errorf("exit %d for an application that is not listed:\n%s", code, stderr)
	}
	if code, _, stderr := x.etl("run", append([]string{"--source", "huawei-main"}, at(today)...)...); code != exitUsage || !strings.Contains(stderr, "etl import huawei") {
		t.Errorf("exit %d of run:\n%s", code, stderr)
	}
	if code, stdout, stderr := x.etl("run", at(today)...); code != 0 {
		t.Errorf("run does not leave the source alone: exit %d\n%s%s", code, stdout, stderr)
	}
}

// Days that are older than the source counts from messages keep their facts, and nobody counts them anew.
func TestOldDaysAreNotCountedAnew(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	settled := weekEnd.Add(96 * time.Hour)
	paths := x.week(rand.New(rand.NewPCG(3, 5)), settled)
	x.bring(0, paths)
	x.write(exportingConfig + "    message_retention_days: 8\n") // today is the 22nd
	x.equals("facts stay", x.console.Truth(weekStart, weekEnd, 8, settled))
	r := x.bring(0, paths)
	if r.Inserted+r.Updated+r.Removed+r.Messages != 0 || r.TooOld == 0 {
		t.Errorf("imported once more: %+v", r)
	}
	for _, c := range r.Complete {
		if c.Days[0] < "2026-11-14" {
			t.Errorf("%s is called complete, of which nothing was taken in", c.Days[0])
		}
	}
	x.equals("facts stay", x.console.Truth(weekStart, weekEnd, 8, settled))
}

// A file whose times are read in another zone than before would count messages on two days: it is refused.
func TestFilesReadInAnotherZoneAreRefused(t *testing.T) {
	t.Parallel()
	x := newExported(t)
	path := x.save("one", huawei.Export{From: weekStart, To: weekStart.AddDate(0, 0, 1), At: weekEnd})
	config := exportingConfig + "    time_zone: \"+08:00\"\n"
	x.write(config)
	x.bring(0, []string{path})
	x.remember()
	x.write(strings.Replace(config, `export_time_zone: "+08:00"`, `export_time_zone: "+04:00"`, 1))
	if code, stdout, stderr := x.run(path); code == 0 || !strings.Contains(stderr, "are known to be of other days") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if differ := x.changed(); len(differ) > 0 {
		t.Errorf("what is stored has changed:\n%s", strings.Join(differ, "\n"))
	}
}
