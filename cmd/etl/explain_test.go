package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"smsetl/explain"
	"smsetl/internal/dev/long"
	"smsetl/job"
	"smsetl/load"
	"smsetl/load/raw"
	"smsetl/sms"
)

// sample is one number as analysts see it.
type sample struct {
	Vendor, Account, Day, Template, Label, MessageType, Stage, Reason, Measure string
	Value                                                                      int64
	State                                                                      string
}

// samples picks numbers of both vendors that look random and are the same each time.
func (w *world) samples() []sample {
	w.t.Helper()
	rows, err := w.conn.Query(context.Background(), `
		SELECT * FROM (
		    SELECT vendor, account, send_date::text, template, label, message_type, '' AS stage, '' AS reason, x.measure, x.value, day_state,
		           row_number() OVER (PARTITION BY vendor, x.measure ORDER BY md5(concat_ws(' ', account, send_date, template, label, message_type))) AS n
		    FROM sms.delivery_daily
		    CROSS JOIN LATERAL (VALUES ('requested', requested), ('accepted', accepted), ('processing_failed', processing_failed), ('delivered', delivered),
		                               ('send_failed', send_failed), ('pending', pending), ('billed_segments', billed_segments)) AS x (measure, value)
		    WHERE x.value IS NOT NULL
		    UNION ALL
		    SELECT vendor, account, send_date::text, template, label, message_type, stage, reason, 'messages', messages, day_state,
		           row_number() OVER (PARTITION BY vendor, reason ORDER BY md5(concat_ws(' ', account, send_date, template, label, message_type)))
		    FROM sms.failure_daily
		) AS x
		WHERE n <= 1
		ORDER BY md5(concat_ws(' ', vendor, measure, reason, account, send_date, template))`)
	if err != nil {
		w.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s sample, err error) {
		var n int64
		err = row.Scan(&s.Vendor, &s.Account, &s.Day, &s.Template, &s.Label, &s.MessageType, &s.Stage, &s.Reason, &s.Measure, &s.Value, &s.State, &n)
		return s, err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) explain(s sample, more ...string) explain.Explanation {
	w.t.Helper()
	arguments := []string{
		"explain", "--date", s.Day, "--account", s.Account, "--template", s.Template, "--label", s.Label, "--message-type", s.MessageType,
		"--measure", s.Measure, "--stage", s.Stage, "--reason", s.Reason, "-o", "json",
	}
	code, out, errs := w.alone(context.Background(), append(arguments, more...)...)
	if code != exitOK {
		w.t.Fatalf("%+v: exit %d\n%s%s", s, code, out, errs)
	}
	var e explain.Explanation
	if err := readJSON(out, &e); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	return e
}

// Numbers of both vendors are computed again from nothing but what explain shows: the vendor's bytes, the place in them, the
// fields and the formula.
func TestExplainedNumbersCanBeComputedAgain(t *testing.T) {
	t.Parallel()
	w := livedThrough(t, 4)
	vendors := map[string]int{}
	answers := map[string]string{}
	for _, s := range long.Some(16, w.samples()) {
		vendors[s.Vendor]++
		e := w.explain(s)
		if len(e.Cells) != 1 || e.Rows != 1 || len(e.Measures) != 1 || e.Measures[0].Total != sms.Reported(s.Value) {
			t.Errorf("%+v: %d rows, %+v", s, e.Rows, e.Measures)
			continue
		}
		cell, value := e.Cells[0], e.Cells[0].Values[0]
		if got, err := recompute(s, e.Measures[0].Formula, cell, value, func(hash string) string {
			if answers[hash] == "" {
				_, answers[hash], _ = w.alone(t.Context(), "raw", "show", hash)
			}
			return answers[hash]
		}); err != nil || got != s.Value {
			t.Errorf("%+v: %d, %v\n%+v", s, got, err, cell)
		}
		if last := value.History[len(value.History)-1]; !last.Until.IsZero() || last.Value != sms.Reported(s.Value) || last.From.IsZero() {
			t.Errorf("%+v: history %+v", s, value.History)
		}
		for i, h := range value.History[1:] {
			if before := value.History[i]; before.Until.IsZero() || !before.Until.Equal(h.From) || h.Cause == "first_told" {
				t.Errorf("%+v: history %+v", s, value.History)
			}
		}
		if len(e.Days) == 0 || string(e.Days[0].State) != s.State || e.Days[0].BelievedBy == 0 {
			t.Errorf("%+v: days %+v", s, e.Days)
		}
		for _, p := range cell.Places {
			if !isShown(e, p) {
				t.Errorf("%+v: the answer of %+v is not shown with its request", s, p)
			}
		}
	}
	if vendors["engagelab"] < long.Or(4, 15) || vendors["tencent"] < long.Or(4, 10) {
		t.Errorf("only %v numbers were looked at", vendors)
	}
}

func isShown(e explain.Explanation, p explain.Place) bool {
	for _, a := range e.Answers {
		if a.FetchID == p.FetchID && a.Hash == p.Hash && a.IsCurrent && strings.HasPrefix(a.URL, "http://") && !a.FetchedAt.IsZero() &&
			!strings.Contains(a.URL+a.Body, "sandbox-secret") {
			for _, l := range e.Loads {
				if l.LoadID == a.LoadID && l.RunID != 0 && l.Command != "" {
					return true
				}
			}
		}
	}
	return false
}

// recompute reads the fields of the formula in the row's bytes, at its place in the vendor's answer.
func recompute(s sample, formula string, cell explain.Cell, value explain.Value, raw func(hash string) string) (int64, error) {
	names := strings.Split(formula, " - ")
	switch {
	case s.Reason == "residual": // CallbackFailCount less the five others
		names = []string{"CallbackFailCount", "InternalErrorCount", "InvalidNumberCount", "ShutdownErrorCount", "BlackListCount", "FrequencyLimitCount"}
	case s.Reason != "":
		names = []string{s.Reason}
	}
	var sum int64
	for i, name := range names {
		place := -1
		for _, f := range value.Fields {
			if f.Field == name {
				place = f.Place
			}
		}
		if place < 0 {
			return 0, fmt.Errorf("no place for %s", name)
		}
		p := cell.Places[place]
		answer := raw(p.Hash)
		if int(p.Offset)+len(p.Row) > len(answer) || answer[p.Offset:int(p.Offset)+len(p.Row)] != p.Row {
			return 0, fmt.Errorf("the row does not stand at byte %d", p.Offset)
		}
		fields := map[string]json.RawMessage{}
		if err := json.Unmarshal([]byte(p.Row), &fields); err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(strings.Trim(string(fields[name]), `"`), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		if i > 0 {
			n = -n
		}
		sum += n
	}
	return sum, nil
}

// What was restated, removed, rebuilt by us and thrown away is told, in words.
func TestExplainTellsTheHistory(t *testing.T) {
	t.Parallel()
	w := livedThrough(t, 6)
	wh, err := load.Open(t.Context(), w.url, load.Options{Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer wh.Close()
	replay := job.Replay{Mapping: other(), Now: today, Select: raw.Selection{From: sms.Date(2026, 9, 1), To: sms.Date(2026, 11, 30)}}
	if _, err := replay.Run(t.Context(), wh); err != nil {
		t.Fatal(err)
	}
	one := func(query string) (s sample) {
		t.Helper()
		err := w.conn.QueryRow(t.Context(), query).Scan(&s.Account, &s.Day, &s.Template, &s.Label, &s.MessageType, &s.Measure)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return s
	}
	const columns = `SELECT account, send_date::text, template, label, message_type, measure FROM sms.restatements WHERE vendor = 'engagelab' AND `
	for cause, query := range map[string]string{
		"our_mapping":        columns + `cause = 'our_mapping' AND measure = 'accepted' LIMIT 1`,
		"vendor_restatement": columns + `cause = 'vendor_restatement' AND measure = 'delivered' LIMIT 1`,
		"late_delivery":      columns + `cause = 'late_delivery' AND measure IN ('delivered', 'pending') LIMIT 1`,
	} {
		s := one(query)
		e := w.explain(s)
		history := e.Cells[0].Values[0].History
		found := false
		for _, h := range history {
			found = found || h.Cause == cause
		}
		if len(history) < 2 || !found {
			t.Errorf("%+v: history %+v, want %s in it", s, history, cause)
		}
	}

	gone := one(columns + `change = 'removed' AND measure = 'requested' AND cause <> 'our_mapping' LIMIT 1`)
	e := w.explain(gone)
	if c := e.Cells[0]; c.IsThere || c.Values[0].Value.IsReported() || c.Values[0].History[len(c.Values[0].History)-1].Change != "removed" || e.Rows != 0 {
		t.Errorf("a removed row: %+v", c)
	}

	ours := one(columns + `cause = 'our_mapping' AND measure = 'accepted' LIMIT 1`)
	w.exec(`UPDATE etl.raw SET packed = NULL, pruned_at = '2026-11-22' WHERE hash IN (
		SELECT hash FROM etl.fetch WHERE load_id IN (SELECT h.load_id FROM etl.delivery_history AS h JOIN etl.load AS l ON l.load_id = h.replaced_by
		WHERE l.origin = 'replay') AND load_id NOT IN (SELECT answered_by FROM etl.believed_day))`)
	code, out, errs := w.alone(t.Context(), "explain", "--date", ours.Day, "--account", ours.Account, "--measure", "accepted")
	if code != exitOK {
		t.Fatal(errs)
	}
	for _, want := range []string{
		"the vendor's fields", "targets - process_failed", "stats_day is ", "The vendor's answers", "GET http://", "  row ", "at byte ",
		"accepted ", " from targets ", "our mapping", "rebuilt the answers to load ", "etl run", "mapping version",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	if day := w.text(`SELECT f.window_from::text FROM etl.fetch AS f JOIN etl.raw AS r USING (hash) WHERE r.packed IS NULL AND f.dataset = 'stats_day' LIMIT 1`); day != "" {
		_, out, _ := w.alone(t.Context(), "raw", "list", "--date", day)
		if !strings.Contains(out, "raw pruned on 2026-11-22") {
			t.Errorf("what was thrown away is not told:\n%s", out)
		}
	}
}

func TestExplainRefusesWhatThereIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(10))
	w.etl("run", at(today)...)
	account := w.text(`SELECT account FROM sms.dim_account ORDER BY account_key LIMIT 1`)
	for want, arguments := range map[string][]string{
		"is not known to the warehouse":   {"explain", "--date", "2026-11-20", "--account", "nobody"},
		`the measure "sent" is none of`:   {"explain", "--date", "2026-11-20", "--account", account, "--measure", "sent"},
		"--rows 0: want 1 or more":        {"explain", "--date", "2026-11-20", "--account", account, "--rows", "0"},
		"want --date or --account":        {"raw", "list"},
		"neither the number of a fetch":   {"raw", "show", "abc"},
		"no such answer: 123456":          {"raw", "show", "123456"},
		`"20.11.2026" is not a day: want`: {"explain", "--date", "20.11.2026", "--account", account},
	} {
		code, _, errs := w.alone(t.Context(), arguments...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%v: exit %d, %s; want %q", arguments, code, errs, want)
		}
	}
	// A day that was never asked for is told so, and is no mistake.
	code, out, errs := w.alone(t.Context(), "explain", "--date", "2020-01-01", "--account", account)
	if code != exitOK || !strings.Contains(out, "was never asked for") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// Old answers go as the configuration says, and every day can still be built again.
func TestRawPrune(t *testing.T) {
	t.Parallel()
	w := livedThrough(t, 4)
	if out := w.prune(today); !strings.Contains(out, "kept for ever") {
		t.Error(out)
	}
	file, err := os.ReadFile(w.config)
	text := string(file)
	if err != nil {
		t.Fatal(err)
	}
	w.write(strings.ReplaceAll(strings.ReplaceAll(text, "    sms_key:", "    raw_retention_days: 2\n    sms_key:"), "    secret_id:", "    raw_retention_days: 2\n    secret_id:"))
	var dry, wet rawPruned
	if err := readJSON(w.prune(today, "--dry-run", "-o", "json"), &dry); err != nil {
		t.Fatal(err)
	}
	if err := readJSON(w.prune(today, "-o", "json"), &wet); err != nil {
		t.Fatal(err)
	}
	if gone := w.number(`SELECT count(*) FROM etl.raw WHERE packed IS NULL`); wet.Answers == 0 || dry.Answers != wet.Answers || gone != wet.Answers {
		t.Errorf("dry %+v, done %+v, gone %d", dry, wet, gone)
	}
	if young := w.number(`SELECT count(*) FROM etl.fetch AS f JOIN etl.raw AS r USING (hash) WHERE r.packed IS NULL AND f.fetched_at > '` + today.AddDate(0, 0, -2).Format(time.RFC3339) + `'`); young != 0 {
		t.Errorf("%d young answers are gone", young)
	}
	w.remember()
	code, out, errs := w.alone(t.Context(), "replay", "--from", "2026-09-01", "--to", "2026-11-30")
	if code != exitOK || !strings.Contains(out, "What is stored is what the answers say") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if differ := w.changed(); len(differ) > 0 {
		t.Error(differ)
	}
}
