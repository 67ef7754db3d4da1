package tencent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"smsetl/extract"
	"smsetl/internal/dev/extracttest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	id  = "AKIDcanaryOfTheId"
	key = "canary/k3y+tencent"
	app = "1400006874"
)

var (
	zone8, _ = sms.ParseZone("+08:00")
	account  = sms.Account{Vendor: sms.Tencent, ID: app, Zone: zone8}
	both     = []sms.Dataset{sms.SendStatus, sms.CallbackStatus}
	noon     = time.Date(2026, 4, 1, 4, 0, 0, 0, time.UTC)
)

// quick are options under which a test feels neither limiter nor waits.
func quick(baseURL string) Options {
	return Options{SdkAppIDs: []string{app}, Options: extract.Options{
		BaseURL: baseURL, RequestsPerSecond: 10_000, Now: func() time.Time { return noon },
		Policy: extract.Policy{First: time.Millisecond, Longest: 2 * time.Millisecond, Total: time.Minute, Tries: 4},
		Limits: extract.Limits{Idle: time.Second, Header: time.Second},
	}}
}

func open(t testing.TB, o Options) *Client {
	t.Helper()
	c, err := New(id, key, o, zap.NewNop())
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

func scope(w sms.Window) sms.Scope { return sms.Scope{Account: account, Datasets: both, Window: w} }

// question is the body of a request.
type question struct {
	BeginTime, EndTime string
	App                string `json:"SmsSdkAppId"`
	Limit, Offset      *int
}

func (q question) days() (first, last sms.Day) {
	day := func(s string) sms.Day { t, _ := time.Parse("2006010215", s); return sms.DayOf(t) }
	return day(q.BeginTime), day(q.EndTime)
}

// vendor answers with the sums of the days that are active.
type vendor struct{ isActive func(sms.Day) bool }

func (v vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		panic(err)
	}
	n := 0
	for first, last := q.days(); first <= last; first++ {
		if v.isActive(first) {
			n += int(first)
		}
	}
	action := r.Header.Get("X-TC-Action")
	extracttest.Say(200, answer(action, n), "Content-Type", "application/json")(w, r)
}

func answer(action string, n int) string {
	var sums []string
	for _, f := range fields[action] {
		sums = append(sums, fmt.Sprintf("%q:%d", f, n))
	}
	return fmt.Sprintf(`{"Response":{"%s":{%s},"RequestId":"r-1"}}`, action, strings.Join(sums, ","))
}

func TestSuite(t *testing.T) {
	w := window(t, "2026-02-20", "2026-03-31")
	busy := window(t, "2026-03-28", "2026-03-30")
	extracttest.Run(t, extracttest.Vendor{
		Open: func(t testing.TB, baseURL string, logger *zap.Logger) extracttest.Source {
			c, err := New(id, key, quick(baseURL), logger)
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
		Tries: 4,
		Scope: scope(w),
		Good:  vendor{busy.Contains},
		Asked: func(r *http.Request, body string) (extracttest.Question, error) {
			var q question
			err := errors.Join(verify(r, body, id, key, time.Now()), json.Unmarshal([]byte(body), &q))
			if q.Limit == nil || *q.Limit != 0 || q.Offset == nil || *q.Offset != 0 {
				err = errors.Join(err, fmt.Errorf("limit and offset are not 0: %s", body))
			}
			first, last := q.days()
			if last-first >= 32 {
				err = errors.Join(err, fmt.Errorf("%s: too long", body))
			}
			return extracttest.Question{Account: q.App, First: first, Last: last}, err
		},
		Final: func(message string) http.Handler {
			return failure("AuthFailure.SecretIdNotFound", message)
		},
		FinalKind: sms.ErrSourceDenied,
		Secrets:   []string{key, id},
	})
}

// asked is one request as the server saw it.
type asked struct{ Action, Region, Version, Begin, End string }

// serve fetches from the handler and gives the requests and the payloads.
func serve(t *testing.T, o Options, s sms.Scope, h http.Handler) (requests []asked, payloads []sms.Payload, err error) {
	t.Helper()
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		var q question
		_ = json.Unmarshal(body, &q)
		mu.Lock()
		requests = append(requests, asked{r.Header.Get("X-TC-Action"), r.Header.Get("X-TC-Region"), r.Header.Get("X-TC-Version"), q.BeginTime, q.EndTime})
		mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	defer server.Close()
	base := quick(server.URL)
	o.BaseURL, o.RequestsPerSecond, o.Policy = base.BaseURL, base.RequestsPerSecond, base.Policy
	if o.Now == nil {
		o.Now = base.Now
	}
	err = open(t, o).Fetch(t.Context(), s, func(p sms.Payload) error { payloads = append(payloads, p); return nil })
	return requests, payloads, err
}

func never(sms.Day) bool  { return false }
func always(sms.Day) bool { return true }

func TestRequests(t *testing.T) {
	tests := []struct {
		name        string
		o           Options
		first, last string
		want        []asked
	}{
		{"one day", Options{}, "2026-01-31", "2026-01-31", []asked{
			{"SendStatusStatistics", "ap-guangzhou", "2021-01-11", "2026013100", "2026013123"},
			{"CallbackStatusStatistics", "ap-guangzhou", "2021-01-11", "2026013100", "2026013123"}}},
		{"exclusive", Options{EndHour: Exclusive, Region: "ap-singapore"}, "2026-01-31", "2026-01-31", []asked{
			{"SendStatusStatistics", "ap-singapore", "2021-01-11", "2026013100", "2026020100"},
			{"CallbackStatusStatistics", "ap-singapore", "2021-01-11", "2026013100", "2026020100"}}},
		{"quiet, over the longest span", Options{}, "2026-01-01", "2026-02-02", []asked{
			{"SendStatusStatistics", "ap-guangzhou", "2021-01-11", "2026010100", "2026020123"},
			{"CallbackStatusStatistics", "ap-guangzhou", "2021-01-11", "2026010100", "2026020123"},
			{"SendStatusStatistics", "ap-guangzhou", "2021-01-11", "2026020200", "2026020223"},
			{"CallbackStatusStatistics", "ap-guangzhou", "2021-01-11", "2026020200", "2026020223"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := serve(t, tt.o, scope(window(t, tt.first, tt.last)), vendor{never})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWideFirst(t *testing.T) {
	only := func(day string) func(sms.Day) bool {
		want, _ := sms.ParseDay(day)
		return func(d sms.Day) bool { return d == want }
	}
	tests := []struct {
		name string
		h    http.Handler
		want []string // dataset and window; what covers several days in brackets
	}{
		{"quiet", vendor{never}, []string{"send_status 2026-01-01/2026-01-04", "callback_status 2026-01-01/2026-01-04"}},
		{"one active day", vendor{only("2026-01-02")}, []string{
			"[send_status 2026-01-01/2026-01-04]",
			"send_status 2026-01-01/2026-01-01", "callback_status 2026-01-01/2026-01-01",
			"send_status 2026-01-02/2026-01-02", "callback_status 2026-01-02/2026-01-02",
			"send_status 2026-01-03/2026-01-03", "callback_status 2026-01-03/2026-01-03",
			"send_status 2026-01-04/2026-01-04", "callback_status 2026-01-04/2026-01-04"}},
		// Receipts of days on which nothing was sent.
		{"receipts alone", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-TC-Action") == "SendStatusStatistics" {
				vendor{never}.ServeHTTP(w, r)
			} else {
				vendor{always}.ServeHTTP(w, r)
			}
		}), []string{
			"[send_status 2026-01-01/2026-01-04]", "[callback_status 2026-01-01/2026-01-04]",
			"send_status 2026-01-01/2026-01-01", "callback_status 2026-01-01/2026-01-01",
			"send_status 2026-01-02/2026-01-02", "callback_status 2026-01-02/2026-01-02",
			"send_status 2026-01-03/2026-01-03", "callback_status 2026-01-03/2026-01-03",
			"send_status 2026-01-04/2026-01-04", "callback_status 2026-01-04/2026-01-04"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, payloads, err := serve(t, Options{}, scope(window(t, "2026-01-01", "2026-01-04")), tt.h)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range payloads {
				s := string(p.Dataset) + " " + p.Window.String()
				if p.Purpose == sms.ForSum {
					s = "[" + s + "]"
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("payloads (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBusyApplicationCostsOneCallADay(t *testing.T) {
	requests, _, err := serve(t, Options{}, scope(window(t, "2026-01-01", "2026-03-31")), vendor{always})
	if most := 90 * 2 * 103 / 100; err != nil || len(requests) > most {
		t.Errorf("%d requests for 90 busy days (%v), want at most %d", len(requests), err, most)
	}
}

func TestPayload(t *testing.T) {
	var o Options
	o.Now = func() time.Time { return time.Unix(1, 0) }
	_, payloads, err := serve(t, o, scope(window(t, "2026-01-31", "2026-01-31")), vendor{always})
	if err != nil || len(payloads) != 2 {
		t.Fatal(len(payloads), err)
	}
	p := payloads[1]
	body, _ := pack.Unpack(p.Body)
	if want := answer("CallbackStatusStatistics", 20484); string(body) != want {
		t.Errorf("body %s, want %s", body, want)
	}
	if !strings.HasPrefix(p.Request.URL, "http://127.0.0.1:") || !strings.HasSuffix(p.Request.URL, "/") {
		t.Errorf("request to %q", p.Request.URL)
	}
	p.Request.URL, p.Body = "", sms.Body{}
	want := sms.Payload{Account: account, Dataset: sms.CallbackStatus, Window: window(t, "2026-01-31", "2026-01-31"),
		Request: sms.Request{Method: "POST", Action: "CallbackStatusStatistics",
			Body: `{"BeginTime":"2026013100","EndTime":"2026013123","SmsSdkAppId":"1400006874","Limit":0,"Offset":0}`},
		FetchedAt: time.Unix(1, 0), Status: 200, RequestID: "r-1"}
	if fmt.Sprintf("%+v", p) != fmt.Sprintf("%+v", want) {
		t.Errorf("payload\n%+v\nwant\n%+v", p, want)
	}
}
