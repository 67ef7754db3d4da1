package cookbook_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/dev/pgtest"
	"smsetl/sandbox"
	"smsetl/sandbox/huawei"
)

var beijing = time.FixedZone("+08:00", 8*3600)

// noon gives the time of the daily run of a day of 2026. It is the same date in UTC, so that dates of loads do not depend on how
// long a run takes.
func noon(month time.Month, day int) time.Time {
	return time.Date(2026, month, day, 12, 0, 0, 0, beijing)
}

const (
	firstDay  = "2025-10-18" // of the history
	newestDay = "2026-11-21" // when the questions are asked, at noon of the next day
)

var (
	firstRun = noon(time.November, 15) // the history is loaded
	lastRun  = noon(time.November, 22)
	// Huawei's week, imported from one export.
	exportFrom = time.Date(2026, 11, 10, 0, 0, 0, 0, beijing)
	exportTo   = time.Date(2026, 11, 17, 0, 0, 0, 0, beijing)
	exportAt   = noon(time.November, 17)
)

// happenings are what the vendors do besides sending.
var happenings = []sandbox.Restatement{
	// Tencent's applications are there and sent nothing: months whose denominators are 0.
	{Kind: sandbox.QuietDay, Vendor: sandbox.Tencent, To: "2025-12-31"},
	// Two settled days are told differently, and asked for again.
	{Kind: sandbox.LateDeliveries, From: "2026-10-28", To: "2026-10-29", Share: 0.15, At: time.Date(2026, 11, 20, 0, 0, 0, 0, beijing)},
	// A month that went well, so that the next one is worse.
	{Kind: sandbox.LateDeliveries, Vendor: sandbox.EngageLab, From: "2026-09-01", To: "2026-09-30", Share: 0.4},
	// A reason that nobody knows, in the place of one that everybody does.
	{Kind: sandbox.RenamedReason, Vendor: sandbox.EngageLab, From: "2026-07-12", To: "2026-07-13", Reason: "power_off", NewReason: "switched_off"},
	// The newest day of an account is empty at first.
	{Kind: sandbox.EmptyAnswer, Vendor: sandbox.EngageLab, Account: "harbor_offers", From: newestDay, To: newestDay, At: time.Date(2026, 11, 22, 0, 0, 0, 0, beijing)},
}

// warehouse is one that the program has filled on eight days from vendors whose truth is known.
type warehouse struct {
	t       testing.TB
	url     string
	dir     string
	program string
	conn    *pgx.Conn
	vendors *sandbox.Sandbox
	console *huawei.Console
}

func fill(t testing.TB) *warehouse {
	t.Helper()
	w := &warehouse{
		t: t, url: pgtest.New(t), dir: t.TempDir(),
		vendors: sandbox.New(sandbox.Options{
			Seed: 7, First: firstDay, Now: func() time.Time { return firstRun }, Tencent: sandbox.TencentRules{PerSecond: 1_000_000},
			Secrets: []sandbox.Secret{{
				Source: "tencent-main", ID: "AKIDsandbox", Key: "sandbox-secret", Apps: sandbox.DefaultSecrets()[0].Apps[:2],
			}},
		}),
		console: huawei.NewConsole(huawei.ConsoleOptions{Seed: 11, First: "2026-11-09", Days: 9, PerDay: 60, Site: huawei.Site{Window: 7 * 24 * time.Hour}}),
	}
	if err := w.vendors.Restate(happenings...); err != nil {
		t.Fatal(err)
	}
	addresses, stop, err := w.vendors.Listen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	w.program = build(t)
	w.configure(addresses)
	if w.conn, err = pgx.Connect(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.conn.Close(context.Background()) })
	for now := firstRun; !now.After(lastRun); now = now.AddDate(0, 0, 1) {
		w.live(now)
	}
	w.etl(lastRun, "names refresh")
	w.etl(lastRun, "freeze", "--from", "2026-10-05", "--to", "2026-10-05", "--account", "harbor_service", "--reason", "the bill of the day is disputed")
	w.prices()
	w.exec(`ANALYZE`)
	return w
}

// build makes the program, so that what is asked is what people would have.
func build(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "etl")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "smsetl/cmd/etl").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func (w *warehouse) configure(addresses sandbox.Addresses) {
	w.t.Helper()
	text := w.vendors.SchedulesYAML(addresses)
	// No sweep, so that which days are read is easy to say.
	for _, key := range []string{"    sms_key:", "    secret_id:"} {
		text = strings.ReplaceAll(text, key, "    max_requests_per_second: 1000\n    sweep_days: 0\n"+key)
	}
	text = strings.Replace(text, "schedules:\n", `  - name: huawei-main
    vendor: huawei
    applications: [harbor-home, harbor-world]
    phone_key: a key of the tests, 32 bytes long
    history_start: 2026-11-10
    export_time_zone: "+08:00"
    numbers: mainland
schedules:
`, 1)
	if err := os.WriteFile(filepath.Join(w.dir, "schedules.yaml"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// live is the noon of one day.
func (w *warehouse) live(now time.Time) {
	w.t.Helper()
	w.vendors.SetNow(now)
	begun := time.Now()
	if now.Equal(noon(time.November, 20)) {
		w.etl(now, "backfill", "--from", "2026-10-28", "--to", "2026-10-29", "--refetch")
	}
	w.etl(now, "run")
	if now.Equal(exportAt) {
		w.etl(now, "import", "huawei", "--source", "huawei-main", w.export())
	}
	// What the server's clock says of these loads becomes the day's, and a finding that is older than a day would be too young.
	w.exec(`UPDATE etl.pace SET next_slot_at = next_slot_at - interval '1 hour'`)
	for _, column := range [][2]string{{"load", "loaded_at"}, {"coverage", "loaded_at"}, {"coverage", "confirmed_at"}} {
		w.exec(`UPDATE etl.`+column[0]+` SET `+column[1]+` = `+column[1]+` + $1::interval WHERE `+column[1]+` >= $2`, now.Sub(begun), begun.Add(-time.Second))
	}
}

// etl runs the program. Days that wait for a second answer are no failure here.
func (w *warehouse) etl(now time.Time, command string, arguments ...string) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), w.program, append(strings.Fields(command), arguments...)...)
	if command != "freeze" && command != "export" {
		cmd.Args = append(cmd.Args, "--now", now.Format(time.RFC3339))
	}
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "DATABASE_URL="+w.url)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 3 {
		w.t.Fatalf("etl %s %v: %v\n%s", command, arguments, err, &out)
	}
}

// prices imports what the vendors ask for.
func (w *warehouse) prices() {
	w.t.Helper()
	path := filepath.Join(w.dir, "prices.csv")
	if err := os.WriteFile(path, []byte(sandbox.Prices), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.etl(lastRun, "prices import", path)
}

// export saves a file as a browser does.
func (w *warehouse) export() string {
	w.t.Helper()
	f, err := w.console.Export(huawei.Export{From: exportFrom.UTC(), To: exportTo.UTC(), At: exportAt.UTC(), Hours: 8})
	if err != nil {
		w.t.Fatal(err)
	}
	path := filepath.Join(w.dir, f.Name)
	if err := os.WriteFile(path, f.Data, 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chtimes(path, exportAt, exportAt); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *warehouse) exec(query string, arguments ...any) {
	w.t.Helper()
	if _, err := w.conn.Exec(w.t.Context(), query, arguments...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}
