package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/sandbox/traffic"
)

const busy = "1400006874"

func TestTencentParameters(t *testing.T) {
	day := newStatistics(callbackStatusStatistics, "2026031900", "2026031923", busy)
	body := func(from, to string) statistics {
		q := day
		q.body = strings.Replace(q.body, from, to, 1)
		return q
	}
	window := func(action, begin, end string) statistics { return newStatistics(action, begin, end, busy) }
	app := func(id string) statistics { return newStatistics(sendStatusStatistics, "2026031900", "2026031923", id) }
	tests := []struct {
		name string
		q    statistics
		code string
	}{
		{"good", day, ""},
		{"no Limit", body(`,"Limit":0`, ""), "MissingParameter"},
		{"no Offset", body(`,"Offset":0`, ""), "MissingParameter"},
		{"null Limit", body(`"Limit":0`, `"Limit":null`), "MissingParameter"},
		{"Limit 10", body(`"Limit":0`, `"Limit":10`), "InvalidParameterValue.LimitVerifyFail"},
		{"Offset 1", body(`"Offset":0`, `"Offset":1`), "InvalidParameterValue.OffsetVerifyFail"},
		{"Limit as text", body(`"Limit":0`, `"Limit":"0"`), "InvalidParameter"},
		{"no app", body(`"SmsSdkAppId":"1400006874",`, ""), "MissingParameter"},
		{"app as number", body(`"1400006874"`, `1400006874`), "InvalidParameter"},
		{"old spelling", body("SmsSdkAppId", "SmsSdkAppid"), "UnknownParameter"},
		{"not JSON", body("{", "["), "InvalidParameter"},
		{"day for an hour", body("2026031900", "20260319"), "InvalidParameterValue.BeginTimeVerifyFail"},
		{"hour 24", body("2026031923", "2026031924"), "InvalidParameterValue.EndTimeVerifyFail"},
		{"one hour", window(callbackStatusStatistics, "2026031910", "2026031910"), ""},
		{"reversed", window(callbackStatusStatistics, "2026031910", "2026031909"), "InvalidParameterValue.EndTimeVerifyFail"},
		{"32 days apart", window(callbackStatusStatistics, "2026010100", "2026020200"), ""},
		{"an hour more", window(callbackStatusStatistics, "2026010100", "2026020201"), "InvalidParameterValue.EndTimeVerifyFail"},
		{"a year of sends", window(sendStatusStatistics, "2025031900", "2026031923"), ""},
		{"denied app", app("1400099999"), "UnauthorizedOperation.SmsSdkAppIdVerifyFail"},
		{"no such app", app("1400000001"), "InvalidParameterValue.SdkAppIdNotExist"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := test.q.ask(newBox())
			got := readSums(t, w.Body.Bytes())
			if got.code() != test.code || w.Code != 200 || got.Response.RequestID == "" {
				t.Errorf("status %d, code %q, want %q", w.Code, got.code(), test.code)
			}
		})
	}
}

// hours gives the submitted messages between two hours.
func hours(t *testing.T, box *Sandbox, begin, end string) int64 {
	t.Helper()
	box.arrivals.recent = nil // the clock of the tests stands still
	got := readSums(t, newStatistics(sendStatusStatistics, begin, end, busy).ask(box).Body.Bytes())
	if got.code() != "" {
		t.Fatal(got.code())
	}
	return *got.Response.SendStatusStatistics.RequestCount
}

func TestTencentTellsTheTruth(t *testing.T) {
	for _, utc := range []bool{false, true} {
		box := newBox(func(o *Options) { o.Tencent.UTCDay = utc; o.Tencent.PerSecond = 1000 })
		truth, err := box.TruthOf(Query{From: "2026-03-05", To: "2026-03-21", At: at, Vendor: Tencent})
		if err != nil {
			t.Fatal(err)
		}
		var got Truth
		for day := 5; day <= 21; day++ {
			for _, app := range []string{busy, "1400012345"} {
				begin, end := fmt.Sprintf("202603%02d00", day), fmt.Sprintf("202603%02d23", day)
				s := readSums(t, newStatistics(sendStatusStatistics, begin, end, app).ask(box).Body.Bytes()).Response.SendStatusStatistics
				c := readSums(t, newStatistics(callbackStatusStatistics, begin, end, app).ask(box).Body.Bytes()).Response.CallbackStatusStatistics
				k := Failure{
					SendDate: fmt.Sprintf("2026-03-%02d", day), Vendor: Tencent, Account: app,
					Template: "(not reported)", Label: "(not reported)", MessageType: "(not reported)", Stage: "sending",
				}
				got.add(k, *s.RequestCount, *s.RequestCount-*s.RequestSuccessCount, c.CallbackSuccessCount, c.CallbackFailCount,
					c.RequestSuccessCount-c.CallbackCount, *s.FeeCount)
				for _, f := range []struct {
					reason, category string
					n                int64
				}{
					{"InternalErrorCount", "carrier_network", c.InternalErrorCount},
					{"InvalidNumberCount", "invalid_number", c.InvalidNumberCount},
					{"ShutdownErrorCount", "unreachable", c.ShutdownErrorCount},
					{"BlackListCount", "blocked_opt_out", c.BlackListCount},
					{"FrequencyLimitCount", "rate_limited", c.FrequencyLimitCount},
					{"residual", "other", c.CallbackFailCount - c.InternalErrorCount - c.InvalidNumberCount - c.ShutdownErrorCount -
						c.BlackListCount - c.FrequencyLimitCount},
				} {
					if k.Reason, k.Category, k.Messages = f.reason, f.category, f.n; f.n != 0 {
						got.Failures = append(got.Failures, k)
					}
				}
			}
		}
		got.sort()
		if diff := cmp.Diff(truth, got); diff != "" {
			t.Errorf("UTC %t (-truth +answers):\n%.2000s", utc, diff)
		}
		if n := len(truth.Deliveries); n != 2*17 {
			t.Errorf("%d delivery rows: want one for each app and day, zeros included", n)
		}
	}
}

func TestTencentReadings(t *testing.T) {
	inclusive, exclusive := newBox(), newBox(func(o *Options) { o.Tencent.ExclusiveEnd = true })
	whole := hours(t, inclusive, "2026031900", "2026031923")
	var sum int64
	for h := range 24 {
		hour := fmt.Sprintf("20260319%02d", h)
		sum += hours(t, inclusive, hour, hour)
	}
	if whole == 0 || sum != whole {
		t.Errorf("24 hours hold %d, the day %d", sum, whole)
	}
	if got := hours(t, exclusive, "2026031900", "2026032000"); got != whole {
		t.Errorf("exclusive end: the day to the next midnight holds %d, want %d", got, whole)
	}
	if got := hours(t, exclusive, "2026031900", "2026031923"); got >= whole {
		t.Errorf("exclusive end: 00..23 holds %d of %d, want an hour less", got, whole)
	}
	if got := hours(t, exclusive, "2026031900", "2026031900"); got != 0 {
		t.Errorf("exclusive end: no hour holds %d", got)
	}
	if utc := newBox(func(o *Options) { o.Tencent.UTCDay = true }); hours(t, utc, "2026031816", "2026031915") != whole {
		t.Error("UTC day: 16 to 15 o'clock is not Beijing's day")
	}
	// At 09:00 the night of the 20th is told, unless the vendor stops at yesterday.
	clamped := newBox(func(o *Options) { o.Tencent.ClampToYesterday = true })
	if hours(t, inclusive, "2026032000", "2026032023") == 0 || hours(t, clamped, "2026032000", "2026032023") != 0 {
		t.Error("the present day is told, or not told, against the rule")
	}
	if hours(t, clamped, "2026031900", "2026032023") != whole {
		t.Error("clamped: yesterday is not whole")
	}
}

func TestTencentLimit(t *testing.T) {
	now := wall
	box := newBox(func(o *Options) { o.Wall = func() time.Time { return now } })
	ask := func(action string) string {
		q := newStatistics(action, "2026031900", "2026031900", busy)
		q.stamp = now.Unix()
		return readSums(t, q.ask(box).Body.Bytes()).code()
	}
	for i := range 10 {
		if code := ask(sendStatusStatistics); code != "" {
			t.Fatalf("call %d: %s", i, code)
		}
		now = now.Add(50 * time.Millisecond)
	}
	if code := ask(callbackStatusStatistics); code != "" {
		t.Errorf("the other action shares the limit: %s", code)
	}
	codes := map[string]int{}
	for range 6 {
		codes[ask(sendStatusStatistics)]++
	}
	if codes["RequestLimitExceeded"] != 4 || codes["RequestLimitExceeded.UinLimitExceeded"] != 2 || box.Breaches() != 6 {
		t.Errorf("above the limit: %v, %d breaches", codes, box.Breaches())
	}
	now = wall.Add(time.Second - 1)
	if code := ask(sendStatusStatistics); code == "" {
		t.Error("an eleventh call within a second was let through")
	}
	now = wall.Add(time.Second) // the first call is a second old
	if code := ask(sendStatusStatistics); code != "" {
		t.Errorf("after a second: %s", code)
	}
	if n := len(box.Arrivals()); n != 19 {
		t.Errorf("%d arrivals, want 19", n)
	}
}

func TestLimiterSlides(t *testing.T) {
	for _, test := range []struct {
		name   string
		every  time.Duration
		strict bool
		want   int // refused of 100
	}{
		{"at the limit", 100 * time.Millisecond, false, 0},
		{"a millisecond faster", 99 * time.Millisecond, false, 9},
		{"twice as fast", 50 * time.Millisecond, false, 50},
		{"twice as fast, strict", 50 * time.Millisecond, true, 90},
	} {
		var l arrivals
		refused := 0
		for i := range 100 {
			if !l.admit(bucket{}, wall.Add(time.Duration(i)*test.every), 10, test.strict) {
				refused++
			}
		}
		if refused != test.want || l.breaches != int64(refused) {
			t.Errorf("%s: %d refused, %d breaches, want %d", test.name, refused, l.breaches, test.want)
		}
	}
}

func TestRates(t *testing.T) {
	box := newBox()
	for _, ms := range []int{0, 100, 900, 999, 1000, 2100} {
		box.arrivals.admit(bucket{Tencent, "a", "x"}, wall.Add(time.Duration(ms)*time.Millisecond), 10, false)
	}
	got := box.Rates(time.Time{})
	want := []Rate{{Tencent, "a", "x", 6, wall, wall.Add(2100 * time.Millisecond), 4}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if pace := got[0].PerSecond(); pace < 2.38 || pace > 2.39 {
		t.Errorf("pace %v, want 5 calls in 2.1 s", pace)
	}
	if got := box.Rates(wall.Add(time.Second)); got[0].Calls != 2 {
		t.Errorf("since a second: %+v", got)
	}
}

func TestVirtualTimestamps(t *testing.T) {
	q := newStatistics(sendStatusStatistics, "2026031900", "2026031923", busy)
	q.stamp = at.Unix()
	if code := readSums(t, q.ask(newBox()).Body.Bytes()).code(); code != "AuthFailure.SignatureExpire" {
		t.Errorf("by the wall clock: %q", code)
	}
	box := newBox(func(o *Options) { o.Tencent.VirtualTimestamps = true })
	if code := readSums(t, q.ask(box).Body.Bytes()).code(); code != "" {
		t.Errorf("by the virtual clock: %q", code)
	}
}

func TestRealTrafficOfTencent(t *testing.T) {
	if got := hours(t, newBox(func(o *Options) {
		o.Secrets = []Secret{{Source: "t", ID: DefaultSecrets()[0].ID, Key: DefaultSecrets()[0].Key, Apps: []App{{ID: busy}}}}
	}), "2026031900", "2026031923"); got < 10000 {
		t.Errorf("an application without a profile (%q) has %d messages a day", traffic.Profile(""), got)
	}
}
