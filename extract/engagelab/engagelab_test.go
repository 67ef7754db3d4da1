package engagelab

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/internal/dev/extracttest"
	"smsetl/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	user = "marketing"
	key  = "canary/k3y+engagelab"
)

var (
	zone8, _ = sms.ParseZone("+08:00")
	account  = sms.Account{Vendor: sms.EngageLab, ID: user, Zone: zone8}
	noon     = time.Date(2026, 4, 1, 4, 0, 0, 0, time.UTC)
)

// quick are options under which a test feels neither limiter nor waits.
func quick(baseURL string) Options {
	return Options{Options: extract.Options{
		BaseURL: baseURL, RequestsPerSecond: 10_000, Now: func() time.Time { return noon },
		Policy: extract.Policy{First: time.Millisecond, Longest: 2 * time.Millisecond, Total: time.Minute, Tries: 4},
		Limits: extract.Limits{Idle: time.Second, Header: time.Second},
	}}
}

func open(t testing.TB, o Options) *Client {
	t.Helper()
	c, err := New(user, key, o, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func window(t testing.TB, first, last string) sms.Window {
	t.Helper()
	f, err1 := sms.ParseDay(first)
	l, err2 := sms.ParseDay(last)
	w, err3 := sms.NewWindow(f, l, zone8)
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return w
}

func scope(w sms.Window) sms.Scope {
	return sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: w}
}

// rows answers with one row a day of the window asked for.
func rows(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	first, _ := sms.ParseDay(q.Get("start_date"))
	last, _ := sms.ParseDay(q.Get("end_date"))
	var rows []string
	for d := first; d <= last; d++ {
		rows = append(rows, fmt.Sprintf(`{"send_date":"%s","sms_user":"marketing","targets":%d}`, d, int(d)))
	}
	body := fmt.Sprintf(`{"result":[%s],"count":%d}`, strings.Join(rows, ","), len(rows))
	extracttest.Say(200, body, "Content-Type", "application/json")(w, r)
}

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Vendor{
		Open: func(t testing.TB, baseURL string, logger *zap.Logger) extracttest.Source {
			o := quick(baseURL)
			o.Paths.StatsDay = "/v1/stats_day" // a path that was set is the only one
			c, err := New(user, key, o, logger)
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
		Tries: 4,
		Scope: scope(window(t, "2025-06-01", "2026-03-31")),
		Good:  http.HandlerFunc(rows),
		Asked: func(r *http.Request, _ string) (extracttest.Question, error) {
			name, password, ok := r.BasicAuth()
			if !ok || password != key || r.Method != http.MethodGet || r.URL.Path != "/v1/stats_day" {
				return extracttest.Question{}, fmt.Errorf("%s %s signed in by %q", r.Method, r.URL, r.Header.Get("Authorization"))
			}
			first, err1 := sms.ParseDay(r.URL.Query().Get("start_date"))
			last, err2 := sms.ParseDay(r.URL.Query().Get("end_date"))
			if last-first+1 > 90 || len(r.TransferEncoding) > 0 || r.ContentLength != 0 {
				return extracttest.Question{}, fmt.Errorf("%s: %d days and a body of %d", r.URL, last-first+1, r.ContentLength)
			}
			return extracttest.Question{Account: name, First: first, Last: last}, errors.Join(err1, err2)
		},
		Final: func(message string) http.Handler {
			body, _ := json.Marshal(map[string]string{"code": "30000", "message": message})
			return extracttest.Say(401, string(body))
		},
		FinalKind: sms.ErrSourceDenied,
		Secrets:   []string{key},
	})
}

// asked fetches and gives the raw queries that the server saw.
func asked(t *testing.T, o Options, s sms.Scope) []string {
	t.Helper()
	var mu sync.Mutex
	var queries []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		queries = append(queries, r.URL.Path+"?"+r.URL.RawQuery)
		mu.Unlock()
		rows(w, r)
	}))
	defer server.Close()
	base := quick(server.URL)
	o.BaseURL, o.RequestsPerSecond, o.Policy = base.BaseURL, base.RequestsPerSecond, base.Policy
	if err := open(t, o).Fetch(t.Context(), s, func(sms.Payload) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return queries
}

func TestRequests(t *testing.T) {
	w := window(t, "2026-01-01", "2026-01-03")
	minusFive, _ := sms.ParseZone("-05:00")
	abroad := scope(w)
	abroad.Window, _ = sms.NewWindow(w.First(), w.Last(), minusFive)
	utc := scope(w)
	utc.Window, _ = sms.NewWindow(w.First(), w.Last(), sms.Zone{})
	failed := scope(w)
	failed.Datasets = []sms.Dataset{sms.ProcessFailed, sms.SendFailed}
	tests := []struct {
		name  string
		o     Options
		scope sms.Scope
		want  []string
	}{
		{"plain", Options{}, scope(w), []string{
			"/v1/stats_day?aggregate_by=0&end_date=2026-01-03&start_date=2026-01-01&time_zone=%2B8"}},
		{"west", Options{}, abroad, []string{
			"/v1/stats_day?aggregate_by=0&end_date=2026-01-03&start_date=2026-01-01&time_zone=-5"}},
		{"utc", Options{}, utc, []string{
			"/v1/stats_day?aggregate_by=0&end_date=2026-01-03&start_date=2026-01-01&time_zone=%2B0"}},
		{"both failure calls", Options{Paths: Paths{SendFailed: "/v1/data/sendFailed"}}, failed, []string{
			"/v1/stats/process_failed?aggregate_by=0&end_date=2026-01-03&start_date=2026-01-01&time_zone=%2B8",
			"/v1/data/sendFailed?aggregate_by=0&end_date=2026-01-03&start_date=2026-01-01&time_zone=%2B8"}},
		{"filters", Options{TemplateIDs: []string{"2", "1", "2"}, LabelIDs: []string{"7"}, SMSUsers: []string{"a b", "marketing"}, MsgType: "2"}, scope(w), []string{
			"/v1/stats_day?aggregate_by=0&end_date=2026-01-03&label_ids=7&msg_type=2&sms_users=marketing&start_date=2026-01-01&template_ids=1%3B2&time_zone=%2B8"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, asked(t, tt.o, tt.scope)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWindowsOfNinetyDays(t *testing.T) {
	var got []string
	for _, q := range asked(t, Options{}, scope(window(t, "2026-01-01", "2026-07-01"))) {
		v, _ := url.ParseQuery(q[strings.Index(q, "?")+1:])
		got = append(got, v.Get("start_date")+" "+v.Get("end_date"))
	}
	want := []string{"2026-01-01 2026-03-31", "2026-04-01 2026-06-29", "2026-06-30 2026-07-01"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
}

func TestFiltersDoNotOverlap(t *testing.T) {
	ids := func(prefix string, n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("%s%02d", prefix, i))
		}
		return all
	}
	templates, labels := ids("t", 23), ids("l", 11)
	seen := make(map[string]int)
	queries := asked(t, Options{TemplateIDs: append(templates, templates...), LabelIDs: labels}, scope(window(t, "2026-01-01", "2026-01-02")))
	for _, q := range queries {
		v, err := url.ParseQuery(q[strings.Index(q, "?")+1:])
		if err != nil {
			t.Fatal(err)
		}
		ts, ls := strings.Split(v.Get("template_ids"), ";"), strings.Split(v.Get("label_ids"), ";")
		if len(ts) > 10 || len(ls) > 10 {
			t.Errorf("%d templates and %d labels in one call", len(ts), len(ls))
		}
		for _, a := range ts {
			for _, b := range ls {
				seen[a+b]++
			}
		}
	}
	for _, a := range templates {
		for _, b := range labels {
			if seen[a+b] != 1 {
				t.Errorf("%s with %s was asked for %d times", a, b, seen[a+b])
			}
		}
	}
	if len(queries) != 6 {
		t.Errorf("%d calls, want 3 by 2", len(queries))
	}
}

func TestHalves(t *testing.T) {
	const rowBytes = 66
	server := httptest.NewServer(http.HandlerFunc(rows))
	defer server.Close()
	for _, tt := range []struct {
		cap  int64
		want []string // the windows, refused ones in brackets
		err  error
	}{
		{20 * rowBytes, []string{"2026-01-01/2026-01-08"}, nil},
		{6 * rowBytes, []string{"[2026-01-01/2026-01-08]", "2026-01-01/2026-01-04", "2026-01-05/2026-01-08"}, nil},
		{100, []string{"[2026-01-01/2026-01-08]", "[2026-01-01/2026-01-04]", "[2026-01-01/2026-01-02]",
			"2026-01-01/2026-01-01", "2026-01-02/2026-01-02", "[2026-01-03/2026-01-04]", "2026-01-03/2026-01-03", "2026-01-04/2026-01-04",
			"[2026-01-05/2026-01-08]", "[2026-01-05/2026-01-06]", "2026-01-05/2026-01-05", "2026-01-06/2026-01-06",
			"[2026-01-07/2026-01-08]", "2026-01-07/2026-01-07", "2026-01-08/2026-01-08"}, nil},
		{10, []string{"[2026-01-01/2026-01-08]", "[2026-01-01/2026-01-04]", "[2026-01-01/2026-01-02]", "[2026-01-01/2026-01-01]"}, sms.ErrRefused},
	} {
		o := quick(server.URL)
		o.MaxBody = tt.cap
		var got []string
		err := open(t, o).Fetch(t.Context(), scope(window(t, "2026-01-01", "2026-01-08")), func(p sms.Payload) error {
			w := p.Window.String()
			if p.Refused != "" {
				w = "[" + w + "]"
			}
			got = append(got, w)
			return nil
		})
		if !errors.Is(err, tt.err) {
			t.Errorf("cap %d: error %v, want %v", tt.cap, err, tt.err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("cap %d (-want +got):\n%s", tt.cap, diff)
		}
	}
}
