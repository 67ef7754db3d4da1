package tencent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
	id  = "AKIDcanaryOfTheId"
	key = "canary/k3y+tencent"
	app = "1400006874"
)

var (
	zone8, _ = sms.ParseZone("+08:00")
	account  = sms.Account{Vendor: sms.Tencent, ID: app, Zone: zone8}
	both     = []sms.Dataset{sms.SendStatus, sms.CallbackStatus}
)

// quick are options under which a test feels neither limiter nor waits.
func quick(baseURL string) Options {
	return Options{
		BaseURL: baseURL, RequestsPerSecond: 10_000, SdkAppIDs: []string{app},
		Policy: extract.Policy{First: time.Millisecond, Longest: 2 * time.Millisecond, Total: time.Minute, Tries: 4},
		Limits: extract.Limits{Idle: 300 * time.Millisecond, Header: 300 * time.Millisecond},
	}
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
	BeginTime, EndTime, SmsSdkAppId string
	Limit, Offset                   *int
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
			return extracttest.Question{Account: q.SmsSdkAppId, First: first, Last: last}, err
		},
		Final: func(message string) http.Handler {
			return failure("AuthFailure.SecretIdNotFound", message)
		},
		FinalKind: sms.ErrSourceDenied,
		Secrets:   []string{key, id},
	})
}

func failure(code, message string) http.Handler {
	body, _ := json.Marshal(map[string]any{"Response": map[string]any{
		"Error": map[string]string{"Code": code, "Message": message}, "RequestId": "r-2 " + message}})
	return extracttest.Say(200, string(body), "Content-Type", "application/json")
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
				if p.Refused == SeveralDays {
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
	_, payloads, err := serve(t, Options{Now: func() time.Time { return time.Unix(1, 0) }}, scope(window(t, "2026-01-31", "2026-01-31")), vendor{always})
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

func TestOddAnswersGoOn(t *testing.T) {
	for _, sums := range []string{
		`{"FeeCount":"1","RequestCount":"2","RequestSuccessCount":"2"}`, `{"FeeCount":null}`, `{}`, `{"FeeCount":-1}`, `{"FeeCount":0.0,"FeeCount":1}`,
	} {
		body := strings.ReplaceAll(answer("SendStatusStatistics", 7), `{"FeeCount":7,"RequestCount":7,"RequestSuccessCount":7}`, sums)
		_, payloads, err := serve(t, Options{}, scope(window(t, "2026-01-31", "2026-01-31")), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			extracttest.Say(200, strings.ReplaceAll(body, "SendStatusStatistics", r.Header.Get("X-TC-Action")))(w, r)
		}))
		if err != nil || len(payloads) != 2 {
			t.Errorf("%s: %v, %d payloads", sums, err, len(payloads))
			continue
		}
		if got, _ := pack.Unpack(payloads[0].Body); string(got) != body || payloads[0].Refused != "" {
			t.Errorf("%s became %s", body, got)
		}
	}
}

func TestIsZero(t *testing.T) {
	tests := map[string]bool{
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":0}`:                true,
		`{"FeeCount":"0","RequestCount":0.0,"RequestSuccessCount":"0.00"}`:       true,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":0,"Note":"none"}`:  true,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":0,"OtherCount":1}`: false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":1}`:                false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":null}`:             false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":""}`:               false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":"."}`:              false,
		`{"FeeCount":0,"RequestCount":0}`:                                        false,
		`{"FeeCount":0,"FeeCount":3,"RequestCount":0,"RequestSuccessCount":0}`:   false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":-0.5}`:             false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":0.1}`:              false,
		`{"FeeCount":0,"RequestCount":0,"RequestSuccessCount":{"a":0}}`:          false,
		`{}`: false,
	}
	for sums, want := range tests {
		if got := isZero([]byte(sums), "SendStatusStatistics"); got != want {
			t.Errorf("%s: %v, want %v", sums, got, want)
		}
	}
}

func TestCodes(t *testing.T) {
	type class struct {
		kind  error
		calls int
	}
	retry := class{sms.ErrTemporary, 2}
	stopApp, stopSource, ours := class{sms.ErrAccountDenied, 1}, class{sms.ErrSourceDenied, 1}, class{sms.ErrRefused, 1}
	classes := map[class][]string{
		retry: {"RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded", "InternalError", "InternalError.Timeout",
			"InternalError.SendAndRecvFail", "InternalError.OtherError", "InternalError.UnknownError", "ServiceUnavailable", "LimitExceeded", "FailedOperation.OtherError"},
		stopApp: {"UnauthorizedOperation.SmsSdkAppIdVerifyFail", "UnauthorizedOperation.SdkAppIdIsDisabled",
			"UnauthorizedOperation.RequestPermissionDeny", "InvalidParameterValue.SdkAppIdNotExist", "InvalidParameter.AppidAndBizId"},
		stopSource: {"AuthFailure.SignatureFailure", "AuthFailure.SignatureExpire", "AuthFailure.SecretIdNotFound", "AuthFailure.UnauthorizedOperation",
			"UnauthorizedOperation.RequestIpNotInWhitelist", "UnauthorizedOperation.ServiceSuspendDueToArrears", "UnauthorizedOperation",
			"IpNotInWhitelist", "IpInBlacklist", "InternalError.RequestTimeException"},
		ours: {"InvalidParameterValue.BeginTimeVerifyFail", "InvalidParameterValue.EndTimeVerifyFail", "InvalidParameterValue.LimitVerifyFail",
			"InvalidParameter", "MissingParameter", "UnknownParameter", "InvalidAction", "NoSuchVersion", "UnsupportedRegion", "ActionOffline",
			"InternalError.RestApiInterfaceNotExist", "InternalError.SigFieldMissing", "InternalError.SigVerificationFail", "SomethingNew"},
	}
	for want, codes := range classes {
		for _, code := range codes {
			t.Run(code, func(t *testing.T) {
				t.Parallel()
				calls := 0
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					calls++
					failure(code, "because").ServeHTTP(w, r)
				}))
				defer server.Close()
				o := quick(server.URL)
				o.Policy.Tries = 2
				var refused []string
				err := open(t, o).Fetch(t.Context(), scope(window(t, "2026-01-31", "2026-01-31")), func(p sms.Payload) error {
					refused = append(refused, p.Refused)
					return nil
				})
				if !errors.Is(err, want.kind) || calls != want.calls || len(refused) != calls || slices.Contains(refused, "") {
					t.Errorf("%v after %d calls, %q; want %v after %d", err, calls, refused, want.kind, want.calls)
				}
				if !strings.Contains(err.Error(), code+`, "because"`) {
					t.Errorf("the error does not name the code: %v", err)
				}
			})
		}
	}
}

func TestErrorTexts(t *testing.T) {
	late := func(d time.Duration) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Unix(1_700_000_000, 0).Add(d).UTC().Format(http.TimeFormat))
			failure("AuthFailure.SignatureExpire", "expired").ServeHTTP(w, r)
		})
	}
	tests := map[string]struct {
		answer http.Handler
		want   string
	}{
		"behind": {late(11 * time.Minute), `source denied: AuthFailure.SignatureExpire, "expired": check this machine's clock, which is 11m0s behind the vendor's`},
		"ahead":  {late(-11 * time.Minute), `source denied: AuthFailure.SignatureExpire, "expired": check this machine's clock, which is 11m0s ahead of the vendor's`},
		"code under 503": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			extracttest.Say(503, `{"Response":{"Error":{"Code":"AuthFailure"},"RequestId":"x"}}`)(w, r)
		}), `source denied: AuthFailure: check secret_id and secret_key`},
		"missing object": {extracttest.Say(200, `{"Response":{"RequestId":"x"}}`), `not a believable answer: the answer holds no SendStatusStatistics`},
		"null object":    {extracttest.Say(200, `{"Response":{"SendStatusStatistics":null}}`), `not a believable answer: the answer holds no SendStatusStatistics`},
		"other object":   {extracttest.Say(200, answer("CallbackStatusStatistics", 1)), `not a believable answer: the answer holds no SendStatusStatistics`},
		"empty error":    {extracttest.Say(200, `{"Response":{"Error":{}}}`), `not a believable answer: an error without a code`},
		"too large":      {extracttest.Say(200, strings.Repeat(" ", 2<<20)), `not a believable answer: the answer is over the size cap of 1048576 bytes`},
		"403":            {extracttest.HTML(403), `refused: HTTP 403 without a code of the vendor: check base_url and what stands between`},
		"502":            {extracttest.HTML(502), `temporary: HTTP 502`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := serve(t, Options{Now: func() time.Time { return time.Unix(1_700_000_000, 0) }}, scope(window(t, "2026-01-31", "2026-01-31")), tt.answer)
			want := "tencent/1400006874 send_status+callback_status 2026-01-31/2026-01-31: " + tt.want
			got, _, _ := strings.Cut(fmt.Sprint(err), " (4 tries")
			if got != want {
				t.Errorf("error\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestLimitAnswersSlowDown(t *testing.T) {
	limiter := extract.NewLimiter(100, 0)
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			failure("RequestLimitExceeded.UinLimitExceeded", "too fast").ServeHTTP(w, r)
			return
		}
		vendor{never}.ServeHTTP(w, r)
	}))
	defer server.Close()
	o := quick(server.URL)
	o.Pace = func(string) extract.Waiter { return limiter }
	start := time.Now()
	err := open(t, o).Fetch(t.Context(), scope(window(t, "2026-01-31", "2026-01-31")), func(sms.Payload) error { return nil })
	if d := time.Since(start); err != nil || d < time.Second || limiter.Rate() != 95 {
		t.Errorf("%v after %s at %v a second, want a wait of a second and 95", err, d, limiter.Rate())
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name, id, key string
		o             Options
		want          string
	}{
		{"no id", "", key, Options{}, "tencent: secret_id and secret_key must be set"},
		{"no key", id, "", Options{}, "tencent: secret_id and secret_key must be set"},
		{"plain http", id, key, Options{BaseURL: "http://sms.tencentcloudapi.com"},
			`tencent: base_url "http://sms.tencentcloudapi.com": plain http is for loopback addresses only; use https`},
		{"path", id, key, Options{BaseURL: "https://h/v1"}, `tencent: base_url "https://h/v1" holds a path: want scheme and host alone`},
		{"end hour", id, key, Options{EndHour: "24"}, `tencent: end_hour "24": want inclusive or exclusive`},
		{"app", id, key, Options{SdkAppIDs: []string{""}}, `tencent: sdk_app_ids holds an empty one`},
	}
	for _, tt := range tests {
		if _, err := New(tt.id, tt.key, tt.o, zap.NewNop()); err == nil || err.Error() != tt.want {
			t.Errorf("%s: error %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	w := window(t, "2026-01-01", "2026-01-03")
	other, alone := scope(w), scope(w)
	other.Account.ID = "1400000000"
	alone.Datasets = []sms.Dataset{sms.SendStatus}
	for name, s := range map[string]sms.Scope{"other application": other, "half a group": alone} {
		if err := open(t, quick("http://127.0.0.1:1")).Fetch(t.Context(), s, nil); !errors.Is(err, sms.ErrRefused) {
			t.Errorf("%s: error %v, want refused", name, err)
		}
	}
}

func FuzzPeek(f *testing.F) {
	for _, s := range []string{
		answer("SendStatusStatistics", 0), answer("SendStatusStatistics", 5), `{"Response":{"Error":{"Code":"AuthFailure","Message":"m"},"RequestId":"r"}}`,
		`{"Response":{"Error":null}}`, `{"Response":{"Error":{}}}`, `{"Response":null}`, `{"Response":[]}`, `{}`, `null`, ``, `{"Response":{}}x`, `<html>`,
		`{"Response":{"SendStatusStatistics":{"FeeCount":"0"}}}`, "\xef\xbb\xbf{}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		const action = "SendStatusStatistics"
		e, err := peek(body, action)
		if err != nil || e.sums == nil {
			return
		}
		// What is called zero is read as zeros by the standard library too.
		var o struct {
			Response map[string]map[string]any
		}
		if isZero(e.sums, action) && json.Unmarshal(body, &o) == nil {
			for _, f := range fields[action] {
				switch v := o.Response[action][f]; v {
				case 0.0, "0":
				default:
					if s, ok := v.(string); !ok || strings.Trim(s, "0.") != "" {
						t.Errorf("%s: %s is %v and was called zero", body, f, v)
					}
				}
			}
		}
	})
}
