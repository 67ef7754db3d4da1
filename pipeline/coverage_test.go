package pipeline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"smsetl/config"
	"smsetl/internal/dev/long"
	"smsetl/internal/dev/pgtest"
	"smsetl/ledger"
	"smsetl/load"
	"smsetl/plan"
	"smsetl/sms"
	"smsetl/vendors"
)

func TestMain(m *testing.M) {
	long.Checks(20)
	os.Exit(m.Run())
}

// today is when the tests happen: a Sunday morning in +08:00.
var today = time.Date(2026, 11, 22, 3, 0, 0, 0, time.FixedZone("+08:00", 8*3600))

// Three sources that differ in all that decides about a day: zone, start of the history, retention.
const expectingConfig = `
sources:
  - {name: plain, vendor: engagelab, sms_user: marketing, sms_key: k, time_zone: "-03:00", history_start: 2026-11-08}
  - {name: moving, vendor: engagelab, sms_user: offers, sms_key: k, time_zone: "+14:00", retention_days: 9}
  - {name: forgetful, vendor: tencent, secret_id: i, secret_key: k, sdk_app_ids: ["1400", "1500"], history_start: 2026-11-01, retention_days: 6}
`

// expecting gives a pipeline in a database of its own, with its accounts registered.
func expecting(t *testing.T) (*Pipeline, *pgx.Conn) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "schedules.yaml")
	if err := os.WriteFile(file, []byte(expectingConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return today }
	cfg, err := config.Load(file, config.Env{
		Vendors: vendors.All.Configured(), Lookup: func(string) (string, bool) { return "", false }, ReadFile: os.ReadFile, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	url := pgtest.New(t)
	wh, err := load.Open(t.Context(), url, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `SELECT set_config('etl.now', $1, false)`, today.Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
	p, err := New(World{Vendors: vendors.All, Now: now, Log: zap.NewNop()}, cfg, wh)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p, conn
}

// inSQL gives the expected days as sms.coverage_daily has them, one a line.
func inSQL(t interface{ Fatal(arguments ...any) }, conn *pgx.Conn) []string {
	rows, err := conn.Query(context.Background(), `
		SELECT rtrim(concat_ws(' ', vendor, account, dataset, send_date, state, next_action, coalesce(days_left::text, '-'), row_count,
		                 to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), reason))
		FROM sms.coverage_daily
		WHERE is_expected`)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// inGo gives the same as plans and reports have them, from the configuration.
func inGo(t interface{ Fatal(arguments ...any) }, p *Pipeline) []string {
	days, err := p.coverage(context.Background(), plan.Request{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range days {
		left := "-"
		if d.DaysLeft != nil {
			left = fmt.Sprint(*d.DaysLeft)
		}
		line := fmt.Sprintf("%s %s %s %s %s %s %s %d %s %s", d.Account.Vendor, d.Account.ID, d.Dataset, d.Day, d.State,
			d.NextAction, left, d.Rows, d.Since.UTC().Format("2006-01-02 15:04"), d.Reason)
		lines = append(lines, strings.TrimSpace(line))
	}
	slices.Sort(lines)
	return lines
}

// ledgerLines are lines of the ledger turned on their side.
type ledgerLines struct {
	accounts, datasets, states, reasons []string
	days, since                         []time.Time
	loaded                              []*time.Time
	rows                                []int
}

// drawLedger makes up a ledger of stretches of days, some of them before every history, and none of a day that is not over.
func drawLedger(t *rapid.T, p *Pipeline) (all ledgerLines) {
	states := []string{"provisional", "final", "empty", "failed", "quarantined", "lost", "frozen", ""}
	for _, source := range p.Config.Sources {
		for _, account := range source.Accounts() {
			for _, dataset := range source.Datasets {
				for day := sms.Date(2026, time.October, 29); day < source.Zone.Today(today); {
					state := rapid.SampledFrom(states).Draw(t, "state")
					reason := rapid.SampledFrom([]string{"", "503"}).Draw(t, "reason")
					since := today.Add(-time.Duration(rapid.IntRange(1, 900).Draw(t, "ago")) * time.Minute)
					for n := rapid.IntRange(1, 6).Draw(t, "days"); n > 0 && day < source.Zone.Today(today); n-- {
						if state != "" {
							all.accounts, all.datasets = append(all.accounts, account.ID), append(all.datasets, string(dataset))
							all.states, all.reasons = append(all.states, state), append(all.reasons, reason)
							all.days, all.since = append(all.days, day.UTC()), append(all.since, since)
							if state == "failed" || state == "lost" { // nothing was ever loaded
								all.rows, all.loaded = append(all.rows, 0), append(all.loaded, nil)
							} else {
								all.rows, all.loaded = append(all.rows, int(day)%2), append(all.loaded, &today)
							}
						}
						day++
					}
				}
			}
		}
	}
	return all
}

// The view for analysts expects the days that the configuration expects, and says the same of each, before and after
// the ledger knows what time has made of it.
func TestCoverageIsOneInSQLAndGo(t *testing.T) {
	t.Parallel()
	p, conn := expecting(t)
	var loadID int64
	err := conn.QueryRow(t.Context(), `
		INSERT INTO etl.load (account_key, datasets, window_from, window_to, zone, started_at)
		SELECT account_key, '{}', '2026-01-01', '2026-01-01', zone, now() FROM sms.dim_account LIMIT 1
		RETURNING load_id`).Scan(&loadID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `SET jit = off`); err != nil { // as every session of the program, and of an analyst
		t.Fatal(err)
	}
	seen := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		lines := drawLedger(t, p)
		if _, err := conn.Exec(ctx, `TRUNCATE etl.coverage`); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, `
			INSERT INTO etl.coverage (account_key, dataset, date_key, state, reason, row_count, load_id, loaded_at, confirmed_at, since, was_state, was_reason)
			SELECT account_key, u.dataset, u.day, u.state, u.reason, u.row_count, $7, u.loaded_at, u.loaded_at, u.since,
			       CASE WHEN u.state = 'frozen' THEN 'final' END, CASE WHEN u.state = 'frozen' THEN '' END
			FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::int[], $8::timestamptz[], $9::timestamptz[])
			     AS u (account, dataset, day, state, reason, row_count, loaded_at, since)
			JOIN sms.dim_account USING (account)`,
			lines.accounts, lines.datasets, lines.days, lines.states, lines.reasons, lines.rows, loadID, lines.loaded, lines.since); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(ctx, `ANALYZE etl.coverage`); err != nil { // as autovacuum would have, long before a ledger is as long
			t.Fatal(err)
		}
		want := inGo(t, p)
		if d := cmp.Diff(want, inSQL(t, conn)); d != "" {
			t.Fatalf("SQL differs (-Go +SQL):\n%s", d)
		}
		for _, line := range want {
			f := strings.Fields(line)
			seen[f[4]+" "+f[5]] = true
		}
		if err := p.MarkLost(ctx); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, inGo(t, p)); d != "" {
			t.Fatalf("after the ledger knew (-before +after):\n%s", d)
		}
		if d := cmp.Diff(want, inSQL(t, conn)); d != "" {
			t.Fatalf("in SQL, after the ledger knew (-Go +SQL):\n%s", d)
		}
		var stale int
		err := conn.QueryRow(ctx, `
			SELECT count(*)
			FROM sms.coverage_daily   AS v
			JOIN sms.dim_account      AS a USING (account)
			LEFT JOIN etl.coverage    AS c ON c.account_key = a.account_key AND c.dataset = v.dataset AND c.date_key = v.send_date
			WHERE v.is_expected AND v.state <> 'not_due' AND v.state <> coalesce(c.state, 'missing')`).Scan(&stale)
		if err != nil || stale != 0 {
			t.Fatalf("%d lines of the ledger are not what time has made of them (%v)", stale, err)
		}
	})
	for _, pair := range []string{"missing load", "lost none", "quarantined confirm", "quarantined release", "frozen unfreeze", "provisional reload", "not_due wait"} {
		if !seen[pair] {
			t.Errorf("no day was %s", pair)
		}
	}
}

// Beside the days that are expected the view has what the ledger knows of others.
func TestCoverageBesideTheExpected(t *testing.T) {
	t.Parallel()
	p, conn := expecting(t)
	scope := sms.Scope{Account: p.Config.Sources[0].Accounts()[0], Datasets: []sms.Dataset{sms.StatsDay}, Window: sms.OneDay(sms.Date(2026, time.January, 5), p.Config.Sources[0].Zone)}
	ana := ledger.Operator{Who: "ana", Reason: "r", Now: today}
	if _, err := ledger.Freeze(t.Context(), p.Warehouse.DB, scope, ana); err != nil {
		t.Fatal(err)
	}
	var line string
	err := conn.QueryRow(t.Context(), `
		SELECT concat_ws(' ', send_date, account, state, next_action, is_expected)
		FROM sms.coverage_daily
		WHERE NOT is_expected`).Scan(&line)
	if err != nil || line != "2026-01-05 marketing frozen unfreeze f" {
		t.Errorf("%q, %v", line, err)
	}
}
