package sandbox

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seen is what a client saw of an answer.
type seen struct {
	status int
	header http.Header
	body   []byte
	err    error
	length int64
	took   time.Duration
}

func (s seen) has(text string) bool { return bytes.Contains(s.body, []byte(text)) }

// visit sends a request without following redirects.
func visit(r *http.Request) (s seen) {
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	r.RequestURI = ""
	start := time.Now()
	defer func() { s.took = time.Since(start) }()
	response, err := client.Do(r)
	if err != nil {
		return seen{err: err}
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return seen{status: response.StatusCode, header: response.Header, body: b, err: err, length: response.ContentLength}
}

// The window of the tests holds days with rows.
var faultWindow = days("2026-03-10", "2026-03-12")

func visitEngageLab(addresses Addresses) seen {
	r, err := http.NewRequest(http.MethodGet, addresses.EngageLab+"/v1/stats_day?"+faultWindow.Encode(), nil)
	if err != nil {
		panic(err)
	}
	r.SetBasicAuth("harbor_service", "sandbox-key-service")
	return visit(r)
}

func visitTencent(addresses Addresses) seen {
	r := newStatistics(sendStatusStatistics, "2026031900", "2026031923", busy).request(addresses.Tencent + "/")
	r.URL, _ = url.Parse(addresses.Tencent + "/")
	return visit(r)
}

// only sets one fault to happen always.
func only(box *Sandbox, f Fault) {
	box.SetFaults(Faults{Chance: map[Fault]float64{f: 1}, Delay: 60 * time.Millisecond})
}

func TestFaultsOfTheWire(t *testing.T) {
	box := newBox(func(o *Options) { o.Tencent.PerSecond = 1000 }) // its clock stands still
	addresses := listen(t, box)
	html := func(status int) func(seen) bool {
		return func(s seen) bool { return s.status == status && s.has("<html>") && s.err == nil }
	}
	tests := map[Fault]func(seen) bool{
		Status500:      html(500),
		Status502:      html(502),
		HTMLUnder200:   html(200),
		Status503:      func(s seen) bool { return s.status == 503 && json.Valid(s.body) },
		Status429:      func(s seen) bool { return s.status == 429 && s.header.Get("Retry-After") == "" },
		Status429Later: func(s seen) bool { return s.status == 429 && s.header.Get("Retry-After") == "1" },
		Reset: func(s seen) bool {
			var op *net.OpError
			return errors.Is(s.err, syscall.ECONNRESET) || errors.Is(s.err, io.EOF) || errors.As(s.err, &op)
		},
		CutLength:  func(s seen) bool { return errors.Is(s.err, io.ErrUnexpectedEOF) && len(s.body) > 0 },
		CutChunked: func(s seen) bool { return errors.Is(s.err, io.ErrUnexpectedEOF) && len(s.body) > 0 && s.length == -1 },
		CutClosed:  func(s seen) bool { return s.status == 200 && len(s.body) > 0 && !json.Valid(s.body) && s.length == -1 },
		ErrorUnder200: func(s seen) bool {
			return s.status == 200 && strings.Contains(strings.ToLower(string(s.body)), `"code":`)
		},
		EmptyBody: func(s seen) bool { return s.status == 200 && len(s.body) == 0 && s.err == nil },
		TrailingJunk: func(s seen) bool {
			d := json.NewDecoder(bytes.NewReader(s.body))
			var v any
			return s.status == 200 && d.Decode(&v) == nil && d.More() && s.err == nil
		},
		Slow: func(s seen) bool { return s.status == 200 && json.Valid(s.body) && s.took >= 60*time.Millisecond },
		Redirected: func(s seen) bool {
			to, err := url.Parse(s.header.Get("Location"))
			return s.status == 307 && err == nil && to.Hostname() == "localhost"
		},
		GzipBomb: func(s seen) bool { return len(s.body) > 96<<20 && s.err == nil },
	}
	for _, fault := range AllFaults() {
		check, ok := tests[fault]
		if !ok {
			continue // one of content, tested below
		}
		t.Run(string(fault), func(t *testing.T) {
			only(box, fault)
			before := box.Counters().Faults[fault]
			for vendor, visit := range map[string]func(Addresses) seen{EngageLab: visitEngageLab, Tencent: visitTencent} {
				if s := visit(addresses); !check(s) {
					t.Errorf("%s: %d %v %.200s %v", vendor, s.status, s.header, s.body, s.err)
				}
			}
			if fired := box.Counters().Faults[fault] - before; fired != 2 {
				t.Errorf("counted %d times, want 2", fired)
			}
		})
	}
	only(box, nothing)
	for _, s := range []seen{visitEngageLab(addresses), visitTencent(addresses)} {
		if s.status != 200 || s.err != nil || !json.Valid(s.body) {
			t.Errorf("without faults: %d %.200s %v", s.status, s.body, s.err)
		}
	}
}

// The gzip stream itself is cut, too, when the client asked for one.
func TestCutGzip(t *testing.T) {
	box := newBox()
	addresses := listen(t, box)
	only(box, CutClosed)
	s := visitEngageLab(addresses)
	if !errors.Is(s.err, io.ErrUnexpectedEOF) {
		t.Errorf("half a gzip stream read as %v", s.err)
	}
}

func TestFaultsOfContent(t *testing.T) {
	box := newBox()
	honest := readAnswer(t, ask(box, "/v1/stats_day", faultWindow).Body.Bytes())
	n := len(honest.Result)
	tests := map[Fault]func(a wireAnswer) bool{
		EmptyResult: func(a wireAnswer) bool { return a.Result != nil && len(a.Result) == 0 && *a.Count == 0 },
		NullResult:  func(a wireAnswer) bool { return a.Result == nil },
		NullCounts:  func(a wireAnswer) bool { return len(a.Result) == n && a.Result[0].Targets == nil },
		OtherDays:   func(a wireAnswer) bool { return len(a.Result) == n && a.Result[0].SendDate < "2026-03-10" },
		OtherUsers:  func(a wireAnswer) bool { return len(a.Result) == n && a.Result[0].SMSUser == "harbor_offers" },
		DuplicateRows: func(a wireAnswer) bool {
			return len(a.Result) > n && *a.Count == len(a.Result) && cmp.Equal(a.Result[n], a.Result[0])
		},
		CountMismatch: func(a wireAnswer) bool { return len(a.Result) == n-1 && *a.Count == n },
	}
	for fault, check := range tests {
		only(box, fault)
		if body := ask(box, "/v1/stats_day", faultWindow).Body.Bytes(); !check(readAnswer(t, body)) {
			t.Errorf("%s: %.300s", fault, body)
		}
		if fired := box.Counters().Faults[fault]; fired != 1 {
			t.Errorf("%s counted %d times", fault, fired)
		}
		// Days without a row have nothing to spoil, and say so honestly.
		empty := ask(box, "/v1/stats_day", days("2020-01-01", "2020-01-02")).Body.String()
		if fault != NullResult && (empty != `{"result":[],"count":0}` || box.Counters().Faults[fault] != 1) {
			t.Errorf("%s spoilt an empty answer: %s", fault, empty)
		}
	}
	for fault, want := range map[Fault]string{
		EmptyResult: `{"Response":{"RequestId":`,
		NullResult:  `{"Response":{"SendStatusStatistics":null,`,
		NullCounts:  `{"Response":{"SendStatusStatistics":{"FeeCount":null,"RequestCount":null,"RequestSuccessCount":null},`,
		OtherDays:   `{"Response":{"SendStatusStatistics":{"FeeCount":`, // no sum can show its day
	} {
		only(box, fault)
		got := newStatistics(sendStatusStatistics, "2026031900", "2026031923", busy).ask(box).Body.String()
		if !strings.HasPrefix(got, want) || !json.Valid([]byte(got)) {
			t.Errorf("Tencent %s: %s", fault, got)
		}
	}
}

func TestFaultsRepeatThemselves(t *testing.T) {
	run := func(seed uint64) (hits []bool) {
		box := newBox()
		box.SetFaults(Faults{Seed: seed, Chance: map[Fault]float64{Status502: 0.3}})
		for range 300 {
			hits = append(hits, ask(box, "/v1/stats_day", faultWindow).Code == 502)
		}
		return hits
	}
	first := run(1)
	if !cmp.Equal(first, run(1)) || cmp.Equal(first, run(2)) {
		t.Error("the seed does not decide which tries are hit")
	}
	hit := 0
	for _, h := range first {
		if h {
			hit++
		}
	}
	if hit < 60 || hit > 120 {
		t.Errorf("%d of 300 were hit at 30 %%", hit)
	}
}

func TestFaultsKeepToTheirAddressee(t *testing.T) {
	box := newBox()
	for _, f := range []Faults{{Vendor: Tencent}, {Account: "harbor_offers"}} {
		f.Chance = map[Fault]float64{Status502: 1}
		box.SetFaults(f)
		if code := ask(box, "/v1/stats_day", faultWindow).Code; code != 200 {
			t.Errorf("%+v: status %d", f, code)
		}
	}
	box.SetFaults(Faults{Account: "harbor_service", Chance: map[Fault]float64{Status502: 1}})
	if code := ask(box, "/v1/stats_day", faultWindow).Code; code != 502 {
		t.Errorf("status %d", code)
	}
	if code := ask(box, "/v1/stats_day", url.Values{}).Code; code != 400 {
		t.Errorf("a wrong request met a fault: %d", code)
	}
}

// Each of several certain faults gets its turn.
func TestFaultsMix(t *testing.T) {
	box := newBox()
	box.SetFaults(Faults{Seed: 3, Chance: map[Fault]float64{Status500: 1, Status503: 1, EmptyResult: 1}})
	for range 60 {
		ask(box, "/v1/stats_day", faultWindow)
	}
	for _, f := range []Fault{Status500, Status503, EmptyResult} {
		if n := box.Counters().Faults[f]; n < 8 {
			t.Errorf("%s fired %d times of 60", f, n)
		}
	}
}

func TestFollowedRedirectsAreCounted(t *testing.T) {
	box := newBox()
	addresses := listen(t, box)
	only(box, Redirected)
	r, _ := http.NewRequest(http.MethodGet, addresses.EngageLab+"/v1/stats_day?"+faultWindow.Encode(), nil)
	r.SetBasicAuth("harbor_service", "sandbox-key-service")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body(t, response)
	if n := box.Counters().Followed; n != 1 {
		t.Errorf("followed %d times, want 1", n)
	}
}

func TestGzipWhenAsked(t *testing.T) {
	for _, test := range []struct {
		accept string
		off    bool
		want   bool
	}{
		{"gzip", false, true}, {"br, gzip;q=0.8", false, true}, {"gzip;q=0", false, false}, {"", false, false}, {"gzip", true, false},
	} {
		box := newBox(func(o *Options) { o.NoGzip = test.off })
		addresses := listen(t, box)
		r, _ := http.NewRequest(http.MethodGet, addresses.EngageLab+"/v1/stats_day?"+faultWindow.Encode(), nil)
		r.SetBasicAuth("harbor_service", "sandbox-key-service")
		client := http.Client{Transport: &http.Transport{DisableCompression: true}}
		if test.accept != "" {
			r.Header.Set("Accept-Encoding", test.accept)
		}
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b := body(t, response)
		if got := response.Header.Get("Content-Encoding") == "gzip"; got != test.want {
			t.Errorf("%+v: gzip %t", test, got)
			continue
		}
		if test.want {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if b, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		readAnswer(t, b)
	}
}
