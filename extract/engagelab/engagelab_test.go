package engagelab

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/extract/extracttest"
	"smsetl/internal/pack"
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
	return Options{
		BaseURL: baseURL, RequestsPerSecond: 10_000, Now: func() time.Time { return noon },
		Policy: extract.Policy{First: time.Millisecond, Longest: 2 * time.Millisecond, Total: time.Minute, Tries: 4},
		Limits: extract.Limits{Idle: 300 * time.Millisecond, Header: 300 * time.Millisecond},
	}
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
			c, err := New(user, key, quick(baseURL), logger)
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
			"/v1/stats_day?aggregate_by=0&end_date=2026-01-03&label_ids=7&msg_type=2&sms_users=a+b%3Bmarketing&start_date=2026-01-01&template_ids=1%3B2&time_zone=%2B8"}},
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

func TestErrors(t *testing.T) {
	tests := []struct {
		name   string
		answer http.Handler
		kind   error
		calls  int
		text   string // after the name of the scope
	}{
		{"401", extracttest.Say(401, `{"code":30000,"message":"authentication failed"}`), sms.ErrSourceDenied, 1,
			`source denied: HTTP 401, code 30000, "authentication failed": check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"401 page", extracttest.HTML(401), sms.ErrSourceDenied, 1,
			`source denied: HTTP 401: check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"403", extracttest.HTML(403), sms.ErrSourceDenied, 1,
			`source denied: HTTP 403: check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"404", extracttest.HTML(404), sms.ErrRefused, 1,
			`refused: HTTP 404: the path is wrong, which never means that there is no data: check the setting paths, and base_url`},
		{"400 template", extracttest.Say(400, `{"code":33001,"message":"template does not exist"}`), sms.ErrRefused, 1,
			`refused: HTTP 400, code 33001, "template does not exist": a template of the filter does not exist`},
		{"400 other", extracttest.Say(400, `{"code":31234,"message":"no"}`), sms.ErrRefused, 1,
			`refused: HTTP 400, code 31234, "no": the vendor does not take the parameters: check filters, msg_type and time_zone`},
		{"400 credentials", extracttest.Say(400, `{"code":"30000"}`), sms.ErrSourceDenied, 1,
			`source denied: HTTP 400, code 30000: check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"301", extracttest.Say(301, "", "Location", "https://other.example.com/x?y=z"), sms.ErrRefused, 1,
			`refused: HTTP 301: redirected to https://other.example.com, which is not followed: set base_url and paths to the final address`},
		{"unknown code under 200", extracttest.Say(200, `{"code":39999,"message":"slow down"}`), sms.ErrTemporary, 4,
			`temporary: an error under HTTP 200, code 39999, "slow down"`},
		{"known code under 200", extracttest.Say(200, `{"code":30000,"message":"authentication failed"}`), sms.ErrSourceDenied, 4,
			`source denied: an error under HTTP 200, code 30000, "authentication failed": check sms_user and sms_key, and that they belong to the old EngageLab SMS API`},
		{"code beside rows", extracttest.Say(200, `{"result":[],"count":0,"code":39999}`), sms.ErrTemporary, 4,
			`temporary: an error under HTTP 200, code 39999`},
		{"large error under 200", extracttest.Say(200, `{"code":39999,"message":"`+strings.Repeat("x", 100_000)+`"}`), sms.ErrTemporary, 4,
			`temporary: an error under HTTP 200, code 39999`},
		{"null result", extracttest.Say(200, `{"result":null}`), sms.ErrMalformed, 4,
			`not a believable answer: the body holds neither rows nor an error`},
		{"503", extracttest.HTML(503), sms.ErrTemporary, 4, `temporary: HTTP 503`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls++
				tt.answer.ServeHTTP(w, r)
			}))
			defer server.Close()
			var refused []string
			err := open(t, quick(server.URL)).Fetch(t.Context(), scope(window(t, "2026-01-01", "2026-01-03")), func(p sms.Payload) error {
				refused = append(refused, p.Refused)
				return nil
			})
			if !errors.Is(err, tt.kind) || calls != tt.calls {
				t.Errorf("error %v after %d calls, want %v after %d", err, calls, tt.kind, tt.calls)
			}
			want := "engagelab/marketing stats_day 2026-01-01/2026-01-03: " + tt.text
			if got, _, _ := strings.Cut(err.Error(), " (4 tries"); got != want {
				t.Errorf("error\n%s\nwant\n%s", got, want)
			}
			if len(refused) != calls || slices.Contains(refused, "") || refused[0] != tt.text {
				t.Errorf("refused answers %q", refused)
			}
		})
	}
}

func TestBelievedAsTheyAre(t *testing.T) {
	for _, body := range []string{
		`{"result":[],"count":0}`,
		`{"result":[],"count":7}`, // the count is for whoever reads the rows
		`{"result":{},"count":0}`,
		`{"code":0,"message":"ok","result":[]}`,
		`{"code":null,"result":[]}`,
		` {"count":1,"result":[{"label_id":null,"label_id":"\ud800"}]} `,
		`{"result":[` + strings.Repeat(" ", 100_000) + `,` + `}`, // large: read once, later
	} {
		server := httptest.NewServer(extracttest.Say(200, body))
		n := 0
		err := open(t, quick(server.URL)).Fetch(t.Context(), scope(window(t, "2026-01-01", "2026-01-03")), func(p sms.Payload) error {
			n++
			got, err := pack.Unpack(p.Body)
			if p.Refused != "" || string(got) != body || p.Status != 200 || !p.FetchedAt.Equal(noon) {
				t.Errorf("%.40s became %.40s: %+v (%v)", body, got, p, err)
			}
			return nil
		})
		if err != nil || n != 1 {
			t.Errorf("%.40s: %v, %d answers", body, err, n)
		}
		server.Close()
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name, user, key string
		o               Options
		want            string
	}{
		{"no user", "", key, Options{}, "engagelab: sms_user and sms_key must be set"},
		{"no key", user, "", Options{}, "engagelab: sms_user and sms_key must be set"},
		{"colon", "a:b", key, Options{}, "engagelab: sms_user must not hold a colon"},
		{"plain http", user, key, Options{BaseURL: "http://sms.api.engagelab.cc"},
			`engagelab: base_url "http://sms.api.engagelab.cc": plain http is for loopback addresses only; use https`},
		{"path", user, key, Options{Paths: Paths{StatsDay: "v1/stats_day"}},
			`engagelab: path "v1/stats_day" of stats_day: want one that starts with / and holds no query, such as /v1/stats_day`},
		{"filter", user, key, Options{LabelIDs: []string{"1;2"}},
			`engagelab: label_ids: "1;2" is not a value: it is empty or holds the separator ";"`},
	}
	for _, tt := range tests {
		if _, err := New(tt.user, tt.key, tt.o, zap.NewNop()); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	half, _ := sms.ParseZone("+05:30")
	w := window(t, "2026-01-01", "2026-01-03")
	inIndia, _ := sms.NewWindow(w.First(), w.Last(), half)
	other := scope(w)
	other.Account.ID = "somebody"
	foreign := scope(w)
	foreign.Datasets = []sms.Dataset{sms.SendStatus}
	for name, s := range map[string]sms.Scope{"half-hour zone": scope(inIndia), "other account": other, "other dataset": foreign} {
		c := open(t, quick("http://127.0.0.1:1"))
		if err := c.Fetch(t.Context(), s, nil); !errors.Is(err, sms.ErrRefused) {
			t.Errorf("%s: error %v, want refused", name, err)
		}
	}
}

func FuzzPeek(f *testing.F) {
	for _, s := range []string{
		`{"result":[],"count":0}`, `{"result":{},"count":0}`, `{"code":30000,"message":"authentication failed"}`,
		`{"code":"1","msg":"x"}`, `{"message":"x"}`, `{}`, `null`, `[]`, ``, ` {`, `{"`, `{"code":`, `{"code":1e999}`, `{"result":null}`,
		"\xef\xbb\xbf{}", `{"code":{"code":1},"result":[]}`, `{"result":[]}{}`, `<html>`,
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, isWhole bool) {
		e, err := peek(body, isWhole)
		if err != nil && e != (envelope{}) {
			t.Errorf("an envelope beside the error %v: %+v", err, e)
		}
		if err != nil || !isWhole {
			return
		}
		// What is believed is one JSON object that the standard library reads in the same way.
		var o map[string]json.RawMessage
		if json.Unmarshal(body, &o) != nil {
			t.Fatalf("%q is not an object", body)
		}
		result := strings.TrimSpace(string(o["result"]))
		hasRows := strings.HasPrefix(result, "[") || strings.HasPrefix(result, "{")
		if !e.isError && !hasRows {
			t.Errorf("%q is believed without rows", body)
		}
	})
}
