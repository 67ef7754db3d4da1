package load_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/load"
	"smsetl/sms"
)

func TestRestatements(t *testing.T) {
	t.Parallel()
	wh := open(t, marketing)
	s := scope(marketing, "01-05..01-06", sms.StatsDay)
	f := scope(marketing, "01-05..01-06", sms.SendFailed)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{row("01-05", "a", 1), row("01-05", "gone", 2)}})
	put(t, wh, answer{Scope: f, Failures: []sms.Failure{failure("01-05", "a", busy, 1)}})
	changed := row("01-05", "a", 1)
	changed.Delivered, changed.Pending = sms.Reported(0), sms.Reported(1)
	late := row("01-06", "late", 0)
	late.Measures = sms.Measures{Requested: sms.Reported(7)}
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{changed}})
	believed := func(o *load.PutOptions) { o.Rules = gullible{rules(4)} } // although the late row lacks numbers
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{changed, late}}, now("01-20 14:00"), believed)
	changed.Delivered, changed.Pending = sms.Reported(1), sms.Reported(0)
	put(t, wh, answer{Scope: s, Deliveries: []sms.Delivery{changed, late}}, now("01-20 15:00"), believed)
	put(t, wh, answer{Scope: f, Failures: []sms.Failure{failure("01-05", "a", powerOff, 3)}})

	same(t, "restatements", dump(t, wh, `
		SELECT load_id, change, send_date, template, reason, measure, old_value, new_value
		FROM sms.restatements
		WHERE measure IN ('requested', 'delivered', 'pending', 'messages')
		ORDER BY load_id, template, reason, measure`),
		"3 updated 2026-01-05 a - delivered 1 0",
		"3 updated 2026-01-05 a - pending 0 1",
		"3 removed 2026-01-05 gone - delivered 2 -",
		"3 removed 2026-01-05 gone - pending 0 -",
		"3 removed 2026-01-05 gone - requested 2 -",
		"4 added 2026-01-06 late - requested - 7",
		"5 updated 2026-01-05 a - delivered 0 1",
		"5 updated 2026-01-05 a - pending 1 0",
		"6 removed 2026-01-05 a busy messages 1 -",
		"6 added 2026-01-05 a power_off messages - 3")
	same(t, "times", dump(t, wh, `
		SELECT count(*) FROM sms.restatements AS r JOIN etl.load AS l USING (load_id) WHERE r.changed_at <> l.loaded_at`), "0")
	same(t, "restated rows", dump(t, wh, `SELECT count(restated_at), count(*) FROM sms.fact_delivery_daily`), "1 2")
	verify(t, wh)
}

// Loads of any kind in any order: after each one the facts are what the last believed answers said, ledger and summaries
// agree with them, and at the end every earlier state can still be asked for.
func TestAnyLoadsInAnyOrder(t *testing.T) {
	t.Parallel()
	wh := open(t)
	accounts := 0
	rapid.Check(t, func(rt *rapid.T) {
		accounts++
		account := sms.Account{Vendor: sms.EngageLab, ID: fmt.Sprint("account", accounts), Zone: east}
		if err := wh.Account(t.Context(), "test", account); err != nil {
			rt.Fatal(err)
		}
		m := &model{t: rt, wh: wh, account: account, deliveries: map[sms.Grain]sms.Measures{}, failures: map[string]int64{}}
		for range rapid.IntRange(2, 7).Draw(rt, "loads") {
			if rapid.Bool().Draw(rt, "failures") {
				m.loadFailures()
			} else {
				m.loadDeliveries()
			}
			m.remember()
		}
		m.compare()
		for i, then := range m.then {
			if d := cmp.Diff(then.facts, m.facts(`sms.delivery_daily_as_of($2)`, `sms.failure_daily_as_of($2)`, then.at)); d != "" {
				rt.Fatalf("as of load %d (-then +now):\n%s", i, d)
			}
		}
		verify(t, wh)
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// model is what the warehouse should hold of one account.
type model struct {
	t          *rapid.T
	wh         *load.Warehouse
	account    sms.Account
	deliveries map[sms.Grain]sms.Measures
	failures   map[string]int64
	then       []then
}

type then struct {
	at    time.Time
	facts string
}

func (m *model) scope(dataset sms.Dataset) sms.Scope {
	first := day("01-28") + sms.Day(rapid.IntRange(0, 7).Draw(m.t, "first"))
	w, err := sms.NewWindow(first, first+sms.Day(rapid.IntRange(0, 5).Draw(m.t, "days")), m.account.Zone)
	if err != nil {
		m.t.Fatal(err)
	}
	return sms.Scope{Account: m.account, Datasets: []sms.Dataset{dataset}, Window: w}
}

func (m *model) count(name string) sms.Count {
	n := rapid.Int64Range(-1, 3).Draw(m.t, name)
	if n < 0 {
		return sms.Count{}
	}
	return sms.Reported(n)
}

func (m *model) loadDeliveries() {
	s := m.scope(sms.StatsDay)
	batch := answer{Scope: s, Zeros: 1}
	for d := range s.Window.Days() {
		for _, template := range []string{"", "a", "b", "c"} {
			if rapid.IntRange(0, 2).Draw(m.t, "row") == 0 {
				continue
			}
			g := sms.Grain{Day: d, Template: sms.Named(template), Label: sms.NotReported, MessageType: sms.Named("2"), Country: sms.Named("DE")}
			r := sms.Measures{Requested: m.count("requested"), Delivered: m.count("delivered"), Pending: sms.Reported(0)}
			batch.Deliveries = append(batch.Deliveries, sms.Delivery{Grain: g, Measures: r})
		}
	}
	batch.Deliveries = rapid.Permutation(batch.Deliveries).Draw(m.t, "order")
	m.put(batch)
	for g := range m.deliveries {
		if s.Window.Contains(g.Day) {
			delete(m.deliveries, g)
		}
	}
	for _, d := range batch.Deliveries {
		m.deliveries[d.Grain] = d.Measures
	}
}

func (m *model) loadFailures() {
	dataset, reasons := sms.SendFailed, []*sms.Reason{busy, powerOff}
	if rapid.Bool().Draw(m.t, "processing") {
		dataset, reasons = sms.ProcessFailed, []*sms.Reason{keyword}
	}
	s := m.scope(dataset)
	batch := answer{Scope: s, Zeros: 1}
	for key := range m.failures {
		var d string
		var code string
		fmt.Sscanf(key, "%s a %s", &d, &code)
		parsed, _ := sms.ParseDay(d)
		for _, r := range reasons {
			if r.Code == code && s.Window.Contains(parsed) {
				delete(m.failures, key)
			}
		}
	}
	for d := range s.Window.Days() {
		for _, reason := range reasons {
			if n := rapid.Int64Range(0, 3).Draw(m.t, "messages"); n > 0 {
				f := failure("01-01", "a", reason, n)
				f.Day = d
				batch.Failures = append(batch.Failures, f)
				m.failures[fmt.Sprintf("%s a %s", d, reason.Code)] = n
			}
		}
	}
	m.put(batch)
}

// put loads a batch, twice when numbers are missing: the second telling is believed.
func (m *model) put(batch answer) {
	guard := func(o *load.PutOptions) { o.Rules = gullible{rules(4)} }
	for i := range 2 {
		// All days are over by then: an answer for one that is not cannot be doubted.
		at := func(o *load.PutOptions) { o.Now = at("02-20 12:00").Add(time.Duration(len(m.then)*2+i) * time.Second) }
		r, err := tryPut(context.Background(), m.wh, batch, guard, at)
		if err != nil {
			m.t.Fatal(err)
		}
		if len(r.Quarantined) == 0 {
			return
		}
	}
	m.t.Fatal("still quarantined after a second answer")
}

// facts gives the account's rows of the two views, or of what stands in their place.
func (m *model) facts(deliveries, failures string, at ...any) string {
	arguments := append([]any{m.account.ID}, at...)
	rows := ""
	for _, query := range []string{
		`SELECT send_date, template, requested, delivered, pending, loaded_at FROM ` + deliveries + ` WHERE account = $1 ORDER BY 1, 2`,
		`SELECT send_date, template, reason, messages, loaded_at FROM ` + failures + ` WHERE account = $1 ORDER BY 1, 2, 3`,
	} {
		rows += query[:40] + "\n" + dumpWith(context.Background(), m.t, m.wh, query, arguments...) + "\n"
	}
	return rows
}

func (m *model) remember() {
	var at time.Time
	if err := m.wh.Pool().QueryRow(context.Background(), `SELECT clock_timestamp()`).Scan(&at); err != nil {
		m.t.Fatal(err)
	}
	m.then = append(m.then, then{at, m.facts("sms.delivery_daily", "sms.failure_daily")})
}

// compare checks the tables against the model.
func (m *model) compare() {
	rows := dumpWith(context.Background(), m.t, m.wh, `
		SELECT to_char(send_date, 'YYYY-MM-DD'), template, coalesce(requested::text, 'not reported'), coalesce(delivered::text, 'not reported')
		FROM sms.delivery_daily WHERE account = $1 ORDER BY 1, template COLLATE "C"`, m.account.ID)
	if d := cmp.Diff(m.wantDeliveries(), rows); d != "" {
		m.t.Fatal("deliveries (-want +got):\n", d)
	}
	rows = dumpWith(context.Background(), m.t, m.wh, `
		SELECT to_char(send_date, 'YYYY-MM-DD'), template, reason, messages FROM sms.failure_daily WHERE account = $1 ORDER BY 1, reason COLLATE "C"`, m.account.ID)
	if d := cmp.Diff(m.wantFailures(), rows); d != "" {
		m.t.Fatal("failures (-want +got):\n", d)
	}
}

func (m *model) wantDeliveries() string {
	var lines []string
	for g, r := range m.deliveries {
		lines = append(lines, fmt.Sprint(g.Day, " ", g.Template, " ", r.Requested, " ", r.Delivered))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (m *model) wantFailures() string {
	var lines []string
	for key, n := range m.failures {
		lines = append(lines, fmt.Sprint(key, " ", n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
