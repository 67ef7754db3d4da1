package main

import (
	"bytes"
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

	"smsetl/internal/dev/pgtest"
	"smsetl/pipeline"
	"smsetl/vendors"
)

// Three sources that differ in all that decides about a day: zone, start of the history, retention.
const expectingConfig = `
sources:
  - {name: plain, vendor: engagelab, sms_user: marketing, sms_key: k, time_zone: "-03:00", history_start: 2026-11-08}
  - {name: moving, vendor: engagelab, sms_user: offers, sms_key: k, time_zone: "+14:00", retention_days: 9}
  - {name: forgetful, vendor: tencent, secret_id: i, secret_key: k, sdk_app_ids: ["1400", "1500"], history_start: 2026-11-01, retention_days: 6}
`

// What the retention of a vendor means for people: how many days are left, and what is lost.
func TestStatusTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "schedules.yaml")
	if err := os.WriteFile(file, []byte(expectingConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	url := pgtest.New(t)
	env := environment{vendors: vendors.All, lookup: func(name string) (string, bool) { return url, name == "DATABASE_URL" }, read: os.ReadFile}
	s := &session{ctx: t.Context(), env: env, stdout: &out, stderr: &out, log: zap.NewNop()}
	t.Cleanup(s.close)
	p, err := pipelineFlags{configFlag{file}, databaseFlag{url}, nowFlag{&today}}.open(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	if _, err := conn.Exec(t.Context(), `SELECT set_config('etl.now', $1, false)`, today.Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
	status := func(arguments ...string) string {
		out.Reset()
		all := append([]string{"status", "--config", file, "--now", today.Format(time.RFC3339)}, arguments...)
		if code := run(t.Context(), all, env, &out, &out); code != exitPartial {
			t.Fatalf("exit %d: %s", code, out.String())
		}
		return out.String()
	}
	text := status()
	for _, want := range []string{
		"forgetful 1400: 15 days lost: 2026-11-01/2026-11-15\n    since 2026-11-08; not loaded within the 6 days that the vendor keeps\n",
		"forgetful 1400: 6 days missing: 2026-11-16/2026-11-21\n    1 day left to fetch them, since 2026-11-17, next: load\n",
		"plain marketing: 13 days missing: 2026-11-08/2026-11-20\n    since 2026-11-09, next: load\n",
	} {
		if !strings.Contains(strings.ReplaceAll(text, "  \n", "\n"), want) {
			t.Errorf("there is no %q in\n%s", want, text)
		}
	}
	var report pipeline.Status
	if err := readJSON(status("-o", "json"), &report); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range report.Accounts {
		for _, g := range a.Gaps {
			left := "-"
			if g.DaysLeft != nil {
				left = fmt.Sprint(*g.DaysLeft)
			}
			got = append(got, fmt.Sprint(a.Account.ID, " ", a.Dataset, " ", g.State, " ", g.From, " ", g.To, " ", g.Next, " ", left))
		}
	}
	rows, err := conn.Query(t.Context(), `
		SELECT concat_ws(' ', account, dataset, state, min(send_date), max(send_date), next_action, coalesce(max(days_left) FILTER (WHERE send_date = first), -1))
		FROM (SELECT *, min(send_date) OVER (PARTITION BY account, dataset, state) AS first FROM sms.coverage_daily WHERE state NOT IN ('not_due')) AS d
		GROUP BY account, dataset, state, next_action`)
	if err != nil {
		t.Fatal(err)
	}
	inView, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	for i := range inView {
		inView[i] = strings.Replace(inView[i], " -1", " -", 1)
	}
	slices.Sort(got)
	slices.Sort(inView)
	if d := cmp.Diff(got, inView); d != "" {
		t.Errorf("gaps (-status +SQL):\n%s", d)
	}
}
