package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop")); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func TestListenStops(t *testing.T) {
	for _, how := range []string{"stop", "context"} {
		ctx, cancel := context.WithCancel(t.Context())
		box := newBox()
		addresses, stop, err := box.Listen(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s := visitEngageLab(addresses); s.status != 200 {
			t.Fatalf("%s: %d %v", how, s.status, s.err)
		}
		if how == "context" {
			cancel()
		} else {
			stop()
		}
		gone := false
		for range 100 {
			if s := visitEngageLab(addresses); s.err != nil {
				gone = true
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if !gone {
			t.Errorf("%s: still answering", how)
		}
		cancel()
		stop()
		stop()
	}
}

func TestListenOnATakenPort(t *testing.T) {
	addresses := listen(t, newBox())
	var port int
	if _, err := fmt.Sscanf(addresses.Tencent, "http://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	box := newBox(func(o *Options) { o.Ports.Admin = port })
	if _, _, err := box.Listen(t.Context()); err == nil || !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("a taken port: %v", err)
	}
}

// admin sends a request to the admin and decodes the answer; status is what it came with.
func admin(t *testing.T, addresses Addresses, method, path, send string, into any) (status int) {
	t.Helper()
	r, err := http.NewRequest(method, addresses.Admin+path, strings.NewReader(send))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	b := body(t, response)
	if into != nil && response.StatusCode == 200 {
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatalf("%v in %s", err, b)
		}
	}
	return response.StatusCode
}

func TestAdmin(t *testing.T) {
	box := newBox()
	addresses := listen(t, box)

	var truth Truth
	admin(t, addresses, "GET", "/truth?vendor=engagelab&account=harbor_service&from=2026-03-10&to=2026-03-10", "", &truth)
	if diff := cmp.Diff(march(t, box), truth); diff != "" {
		t.Errorf("truth: %s", diff)
	}

	send := `{"seed":5,"chance":{"status_502":1},"vendor":"engagelab","delay":"150ms"}`
	var faults map[string]any
	admin(t, addresses, "PUT", "/faults", send, &faults)
	if want := (Faults{Seed: 5, Chance: map[Fault]float64{Status502: 1}, Vendor: EngageLab, Delay: 150 * time.Millisecond}); !cmp.Equal(box.Faults(), want) || faults["delay"] != "150ms" {
		t.Errorf("faults %+v, shown as %v", box.Faults(), faults)
	}
	if s := visitEngageLab(addresses); s.status != 502 {
		t.Errorf("status %d under the fault", s.status)
	}
	admin(t, addresses, "DELETE", "/faults", "", nil)
	if s := visitEngageLab(addresses); s.status != 200 {
		t.Errorf("status %d after the faults", s.status)
	}

	var counters Counters
	admin(t, addresses, "GET", "/counters", "", &counters)
	if counters.Count(EngageLab, "stats_day") != 2 || counters.Faults[Status502] != 1 || counters.Bytes == 0 {
		t.Errorf("counters %+v", counters)
	}
	var rates []Rate
	if admin(t, addresses, "GET", "/rates", "", &rates); len(rates) != 1 || rates[0].Calls != 2 {
		t.Errorf("rates %+v", rates)
	}
	var arrivals []Arrival
	if admin(t, addresses, "GET", "/arrivals", "", &arrivals); len(arrivals) != 2 {
		t.Errorf("arrivals %+v", arrivals)
	}
	admin(t, addresses, "DELETE", "/counters", "", &counters)
	if len(counters.Calls) != 0 || len(box.Arrivals()) != 0 {
		t.Errorf("counters after the reset: %+v", counters)
	}

	var restatements []Restatement
	admin(t, addresses, "POST", "/restatements", `{"kind":"quiet_day","from":"2026-03-10","to":"2026-03-10"}`, &restatements)
	if len(restatements) != 1 || len(march(t, box).Deliveries) != 0 {
		t.Errorf("restatements %+v", restatements)
	}
	for path, send := range map[string]string{
		"/faults": `{"chance":{"nonsense":1}}`, "/clock": `{}`, "/restatements": `{"kind":"x"}`,
	} {
		method := "PUT"
		if path == "/restatements" {
			method = "POST"
		}
		if status := admin(t, addresses, method, path, send, nil); status != 400 {
			t.Errorf("%s %s: status %d, want 400", path, send, status)
		}
	}
	if status := admin(t, addresses, "GET", "/truth?from=x&to=y", "", nil); status != 400 {
		t.Errorf("truth of nonsense: status %d", status)
	}
}

func TestClock(t *testing.T) {
	start := time.Now()
	box := New(Options{})
	if now := box.Now(); now.Before(start) || now.After(time.Now()) {
		t.Errorf("the clock starts at %v", now)
	}
	box.Advance(48 * time.Hour)
	if ahead := time.Until(box.Now()); ahead < 47*time.Hour || ahead > 49*time.Hour {
		t.Errorf("advanced by two days, it is %v ahead", ahead)
	}
	addresses := listen(t, box)
	var answer clockAnswer
	admin(t, addresses, "PUT", "/clock", `{"now":"2026-01-01T00:00:00+08:00"}`, &answer)
	if answer.Now.Format(time.RFC3339) != "2026-01-01T00:00:00+08:00" || !box.Now().Equal(answer.Now) {
		t.Errorf("stopped at %v", answer.Now)
	}
	admin(t, addresses, "PUT", "/clock", `{"advance":"36h"}`, &answer)
	if !answer.Now.Equal(time.Date(2026, 1, 2, 4, 0, 0, 0, time.UTC)) {
		t.Errorf("advanced to %v", answer.Now)
	}
	admin(t, addresses, "PUT", "/clock", `{"now":null}`, &answer)
	if time.Since(answer.Now).Abs() > time.Minute {
		t.Errorf("running again at %v", answer.Now)
	}
}

// schedules is the part of a schedules.yaml that the sandbox writes.
type schedules struct {
	Sources []struct {
		Name         string   `yaml:"name"`
		Vendor       string   `yaml:"vendor"`
		SMSUser      string   `yaml:"sms_user"`
		SMSKey       string   `yaml:"sms_key"`
		SecretID     string   `yaml:"secret_id"`
		SecretKey    string   `yaml:"secret_key"`
		Region       string   `yaml:"region"`
		SDKAppIDs    []string `yaml:"sdk_app_ids"`
		EndHour      string   `yaml:"end_hour"`
		BaseURL      string   `yaml:"base_url"`
		TimeZone     string   `yaml:"time_zone"`
		HistoryStart string   `yaml:"history_start"`
	} `yaml:"sources"`
	Schedules []struct {
		Name     string   `yaml:"name"`
		Cron     string   `yaml:"cron"`
		TimeZone string   `yaml:"time_zone"`
		Sources  []string `yaml:"sources"`
	} `yaml:"schedules"`
}

func TestSchedulesYAML(t *testing.T) {
	box := newBox(func(o *Options) { o.Tencent.ExclusiveEnd = true })
	text := box.SchedulesYAML(Addresses{EngageLab: "http://127.0.0.1:1", Tencent: "http://127.0.0.1:2"})
	var s schedules
	if err := yaml.UnmarshalWithOptions([]byte(text), &s, yaml.Strict()); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(s.Sources) != 3 || len(s.Schedules) != 1 {
		t.Fatalf("%+v", s)
	}
	if e := s.Sources[0]; e.Name != "engagelab-service" || e.SMSUser != "harbor_service" || e.SMSKey != "sandbox-key-service" ||
		e.BaseURL != "http://127.0.0.1:1" || e.HistoryStart != "2025-02-13" || e.TimeZone != "+08:00" {
		t.Errorf("%+v", e)
	}
	tencent := s.Sources[2]
	if diff := cmp.Diff([]string{"1400006874", "1400012345"}, tencent.SDKAppIDs); diff != "" || tencent.EndHour != "exclusive" {
		t.Errorf("%+v %s", tencent, diff)
	}
	if diff := cmp.Diff([]string{"engagelab-service", "engagelab-offers", "tencent-main"}, s.Schedules[0].Sources); diff != "" {
		t.Error(diff)
	}
}

// Ten callers as fast as the limit lets them, over an answer time of 300 ms: the limiter counts arrivals, not ends.
func TestLimitUnderLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := New(Options{Seed: 7, First: "1999-06-01", Latency: 300 * time.Millisecond})
		var asking sync.WaitGroup
		for range 50 {
			asking.Go(func() {
				q := newStatistics(callbackStatusStatistics, "1999123100", "1999123123", busy)
				q.stamp = time.Now().Unix()
				start := time.Now()
				if code := readSums(t, q.ask(box).Body.Bytes()).code(); code != "" {
					t.Error(code)
				}
				if took := time.Since(start); took != 300*time.Millisecond {
					t.Errorf("answered after %v", took)
				}
			})
			time.Sleep(100 * time.Millisecond)
		}
		asking.Wait()
		got := box.Rates(time.Time{})[0]
		if box.Breaches() != 0 || got.Peak != 10 || got.PerSecond() != 10 {
			t.Errorf("%d breaches, %+v, %v a second", box.Breaches(), got, got.PerSecond())
		}
	})
}
