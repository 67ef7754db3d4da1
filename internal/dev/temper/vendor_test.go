package temper

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve gives a vendor at a moment.
func serve(t *testing.T, at time.Time, names ...string) *Vendor {
	t.Helper()
	v := Serve(world(t, names...), "harbor", "key")
	v.SetNow(at)
	return v
}

// get asks EngageLab for days of the story.
func get(v *Vendor, dataset string, from, to int, more string) *httptest.ResponseRecorder {
	path := "/v1/" + dataset
	if dataset != "stats_day" {
		path = "/v1/stats/" + dataset
	}
	r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("%s?start_date=%s&end_date=%s%s", path, first+Day(from), first+Day(to), more), nil)
	r.SetBasicAuth(v.account, v.key)
	w := httptest.NewRecorder()
	v.Handler().ServeHTTP(w, r)
	return w
}

// post asks Tencent for hours of days of the story.
func post(v *Vendor, action string, from, to int, begin, end string) *httptest.ResponseRecorder {
	day := func(n int) string { return strings.ReplaceAll((first + Day(n)).String(), "-", "") }
	body := fmt.Sprintf(`{"BeginTime":"%s%s","EndTime":"%s%s","SmsSdkAppId":"harbor","Limit":0,"Offset":0}`, day(from), begin, day(to), end)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-TC-Action", action)
	r.Header.Set("Authorization", "TC3-HMAC-SHA256 Credential=key/2025-01-01/sms/tc3_request, SignedHeaders=host, Signature=0")
	w := httptest.NewRecorder()
	v.Handler().ServeHTTP(w, r)
	return w
}

// line is a row of any dataset of EngageLab, as far as the tests look.
type line struct {
	Date    string          `json:"send_date"`
	User    *string         `json:"sms_user"`
	Targets *int64          `json:"targets"`
	Sent    *int64          `json:"sent"`
	Failed  int64           `json:"send_failed"`
	Label   json.RawMessage `json:"label_id"`
	Percent *float64        `json:"delivered_percent"`
	Empty   int64           `json:"empty"`
	Off     int64           `json:"power_off"`
	Test    *bool           `json:"is_test"`
}

type envelope struct {
	Code   *int   `json:"code"`
	Result []line `json:"result"`
	Count  *int   `json:"count"`
	Total  *int   `json:"total"`
}

func rowsOf(t *testing.T, w *httptest.ResponseRecorder) envelope {
	t.Helper()
	var e envelope
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || w.Code != http.StatusOK {
		t.Fatalf("HTTP %d, %v: %.300s", w.Code, err, w.Body)
	}
	return e
}

func targets(e envelope) (n int64) {
	for _, l := range e.Result {
		if l.Targets != nil {
			n += *l.Targets
		}
	}
	return n
}

func TestEngageLabTellsWhatTellTells(t *testing.T) {
	t.Parallel()
	at := on(60, morning)
	for _, temper := range All() {
		if !temper.OnEngageLab || temper.Group == "dialect" || temper.Group == "manners" {
			continue
		}
		v := serve(t, at, temper.Name)
		for day := 20; day < 60; day++ {
			said := v.world.Observe(first+Day(day), at)
			w := get(v, "stats_day", day, day, "")
			if said.IsDenied || said.Stats.Form == Refused {
				if w.Code == http.StatusOK {
					t.Fatalf("%s: day %d is answered: %s", temper.Name, day, w.Body)
				}
				continue
			}
			e := rowsOf(t, w)
			isNull := len(e.Result) > 0 && e.Result[0].Targets == nil
			n, form := targets(e), said.Stats.Form
			if form == Reported && n != said.Stats.Requested || (form == Silent) != (len(e.Result) == 0) || isNull != (form == Null) {
				t.Fatalf("%s: day %d: %d messages in %d rows, want %+v", temper.Name, day, n, len(e.Result), said.Stats)
			}
			failed := rowsOf(t, get(v, "send_failed", day, day, ""))
			if (len(failed.Result) == 0) != (said.Send.Form == Silent) {
				t.Fatalf("%s: day %d: %d rows of send_failed, want %+v", temper.Name, day, len(failed.Result), said.Send)
			}
		}
	}
}

func TestEngageLabSums(t *testing.T) {
	t.Parallel()
	during := on(11, morning) // of an outage of a day
	for name, isRight := range map[string]bool{"plain": true, "outage of a day, half": false, "outage of a day, half, rows only": true} {
		v := serve(t, during, name)
		var sum struct {
			Result struct {
				Targets int64 `json:"targets"`
			} `json:"result"`
		}
		if err := json.Unmarshal(get(v, "stats_day", 0, 9, "&aggregate_by=1").Body.Bytes(), &sum); err != nil {
			t.Fatal(err)
		}
		truth := int64(0)
		for day := range 10 {
			truth += v.world.Truth(first+Day(day), during).Requested
		}
		if (sum.Result.Targets == truth) != isRight || sum.Result.Targets == 0 {
			t.Errorf("%s: the sum is %d, the truth %d", name, sum.Result.Targets, truth)
		}
		if got := targets(rowsOf(t, get(v, "stats_day", 0, 9, ""))); (got == truth) != (name == "plain") {
			t.Errorf("%s: the rows add up to %d, the truth is %d", name, got, truth)
		}
	}
}

func TestDialects(t *testing.T) {
	t.Parallel()
	at := on(40, morning)
	body := func(name, dataset string) string { return get(serve(t, at, name), dataset, 30, 39, "").Body.String() }
	plain := rowsOf(t, get(serve(t, at, "plain"), "stats_day", 30, 39, ""))
	if len(plain.Result) != 60 || *plain.Count != 60 || plain.Result[0].User == nil || plain.Result[0].Sent == nil || plain.Result[0].Percent == nil {
		t.Fatalf("the plain vendor has %d rows: %+v", len(plain.Result), plain.Result[0])
	}
	for name, want := range map[string]func() bool{
		"no sms_user": func() bool {
			return !strings.Contains(body("no sms_user", "send_failed"), "sms_user") && strings.Contains(body("no sms_user", "stats_day"), "sms_user")
		},
		"no count":          func() bool { return !strings.Contains(body("no count", "stats_day"), `"count"`) },
		"null for empty":    func() bool { return body("null for empty", "send_failed") == `{"result":null,"count":0}` },
		"dates with a time": func() bool { return strings.Contains(body("dates with a time", "stats_day"), `"2025-01-31 00:00:00"`) },
		"two rows of one key": func() bool {
			e := rowsOf(t, get(serve(t, at, "two rows of one key"), "stats_day", 30, 39, ""))
			return len(e.Result) == 70 && targets(e) == targets(plain)
		},
		"pages by total": func() bool {
			v := serve(t, at, "pages by total")
			cut, whole := rowsOf(t, get(v, "stats_day", 0, 34, "")), rowsOf(t, get(v, "stats_day", 0, 29, ""))
			return *cut.Total > *cut.Count && *cut.Count == len(cut.Result) && *whole.Total == *whole.Count
		},
		"code 0":           func() bool { return strings.HasPrefix(body("code 0", "stats_day"), `{"code":0,`) },
		"counts as text":   func() bool { return strings.Contains(body("counts as text", "stats_day"), `"targets":"`) },
		"counts as floats": func() bool { return strings.Contains(body("counts as floats", "send_failed"), `.0,"power_off":`) },
		"never sent":       func() bool { return !strings.Contains(body("never sent", "stats_day"), `"sent"`) },
		"extra fields":     func() bool { return strings.Contains(body("extra fields", "stats_day"), `"is_test":false`) },
		"no percentages":   func() bool { return !strings.Contains(body("no percentages", "stats_day"), `percent`) },
		"forms of no label": func() bool {
			forms := map[string]bool{}
			for day := 40; day < 44; day++ {
				v := serve(t, on(day, morning), "forms of no label")
				forms[string(rowsOf(t, get(v, "stats_day", 30, 30, "")).Result[0].Label)] = true
			}
			return len(forms) == 4
		},
	} {
		if !want() {
			t.Errorf("%s is not so", name)
		}
	}
}

func TestManners(t *testing.T) {
	t.Parallel()
	at := on(40, morning)
	codes := func(v *Vendor, calls int) (codes map[int]int) {
		codes = map[int]int{}
		for range calls {
			w := get(v, "stats_day", 30, 39, "")
			codes[w.Code]++
			if w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "1" {
				t.Error("429 without Retry-After")
			}
		}
		return codes
	}
	if got := codes(serve(t, at, "rate limit"), 21); got[429] != 3 || got[200] != 18 {
		t.Errorf("rate limit: %v", got)
	}
	if got := codes(serve(t, at, "HTTP 500"), 20); got[500] != 4 || got[200] != 16 {
		t.Errorf("HTTP 500: %v", got)
	}
	for day, want := range map[int]int{57: 200, 58: 401, 59: 401, 60: 200} {
		if got := get(serve(t, on(day, 4*time.Hour), "revoked credentials"), "stats_day", 30, 39, "").Code; got != want {
			t.Errorf("revoked credentials on day %d: %d, want %d", day, got, want)
		}
	}
	long := serve(t, on(100, morning), "89 days at most")
	if a, b := get(long, "stats_day", 0, 89, "").Code, get(long, "stats_day", 0, 88, "").Code; a != 400 || b != 200 {
		t.Errorf("90 days: %d, 89 days: %d", a, b)
	}
	if got := get(serve(t, at, "plain"), "stats_day", -60, 30, "").Code; got != 400 {
		t.Errorf("91 days: %d", got)
	}
	forgetting := serve(t, at, "retention, refusing")
	if a, b := get(forgetting, "stats_day", 14, 20, "").Code, get(forgetting, "stats_day", 15, 20, "").Code; a != 400 || b != 200 {
		t.Errorf("26 days ago: %d, 25 days ago: %d", a, b)
	}
	forgetting.key = "another"
	if calls := forgetting.Asked(); len(calls) != 2 || calls[0].Refused == "" || calls[1].Refused != "" || forgetting.Calls(first+40, first+40) != 2 {
		t.Errorf("the calls are %+v", calls)
	}
}

// total gives a count of a Tencent answer, or its error.
func count(t *testing.T, w *httptest.ResponseRecorder, action, field string) (int64, string) {
	t.Helper()
	var raw struct {
		Response map[string]json.RawMessage `json:"Response"`
	}
	var failure struct {
		Code string `json:"Code"`
	}
	var counts map[string]*int64
	if err := json.Unmarshal(w.Body.Bytes(), &raw); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if e, ok := raw.Response["Error"]; ok && json.Unmarshal(e, &failure) == nil {
		return 0, failure.Code
	}
	if err := json.Unmarshal(raw.Response[action], &counts); err != nil || counts[field] == nil {
		t.Fatalf("%v: no %s in %s", err, field, w.Body)
	}
	return *counts[field], ""
}

func tencentOf(t *testing.T, at time.Time, name string) *Vendor {
	t.Helper()
	temper, _ := Named(name)
	v := Serve(New(Options{Seed: 7, First: first, Tempers: []Temper{temper}, Tencent: true}), "harbor", "key")
	v.SetNow(at)
	return v
}

func TestTencentTellsWhatTellTells(t *testing.T) {
	t.Parallel()
	at := on(60, morning)
	for _, temper := range All() {
		if !temper.OnTencent || temper.Group == "manners" || temper.Kind == Failing {
			continue
		}
		v := tencentOf(t, at, temper.Name)
		for day := 20; day < 60; day++ {
			said := v.world.Observe(first+Day(day), at)
			sent, code := count(t, post(v, "SendStatusStatistics", day, day, "00", "23"), "SendStatusStatistics", "RequestCount")
			if said.Stats.Form == Refused {
				if code != "InvalidParameterValue.BeginTimeVerifyFail" {
					t.Fatalf("%s: day %d: %q", temper.Name, day, code)
				}
				continue
			}
			failed, _ := count(t, post(v, "CallbackStatusStatistics", day, day, "00", "23"), "CallbackStatusStatistics", "CallbackFailCount")
			if sent != said.Stats.Requested || failed != said.Send.SendReasons {
				t.Fatalf("%s: day %d: %d sent, %d failed, want %+v", temper.Name, day, sent, failed, said)
			}
		}
	}
}

func TestTencentHoursAddUp(t *testing.T) {
	t.Parallel()
	v := tencentOf(t, on(20, 15*time.Hour), "plain")
	for _, day := range []int{10, 20} {
		whole, _ := count(t, post(v, "SendStatusStatistics", day, day, "00", "23"), "SendStatusStatistics", "RequestCount")
		sum := int64(0)
		for hour := range 24 {
			h := fmt.Sprintf("%02d", hour)
			n, _ := count(t, post(v, "SendStatusStatistics", day, day, h, h), "SendStatusStatistics", "RequestCount")
			if day == 20 && hour >= 15 && n != 0 {
				t.Errorf("%d messages in hour %d, which is not over", n, hour)
			}
			sum += n
		}
		if sum != whole || whole == 0 {
			t.Errorf("day %d: the hours add up to %d, the day has %d", day, sum, whole)
		}
	}
	_, code := count(t, post(v, "CallbackStatusStatistics", -20, 15, "00", "23"), "", "")
	if code != "InvalidParameterValue.EndTimeVerifyFail" {
		t.Errorf("36 days of receipts: %q", code)
	}
}
