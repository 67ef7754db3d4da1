package engagelab

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"pgregory.net/rapid"

	"smsetl/internal/dev/extracttest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

const tooOld = `{"code":31007,"message":"date out of range"}`

// keeper is a vendor who answers for no day before kept, and for at most most days in one call.
type keeper struct {
	kept sms.Day
	most int

	mu    sync.Mutex
	asked []string
}

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	first, _ := sms.ParseDay(q.Get("start_date"))
	last, _ := sms.ParseDay(q.Get("end_date"))
	k.mu.Lock()
	k.asked = append(k.asked, q.Get("start_date")+"/"+q.Get("end_date"))
	k.mu.Unlock()
	if first < k.kept || int(last-first)+1 > k.most {
		extracttest.Say(400, tooOld)(w, r)
		return
	}
	rows(w, r)
}

func (k *keeper) calls() int { return len(k.asked) }

// from starts the vendor and gives what a fetch of the scope brings home: the answers to be understood, the days
// beyond, and whatever else was kept.
func (k *keeper) from(t testing.TB, c *Client, s sms.Scope) (good, beyond, others []sms.Payload, err error) {
	t.Helper()
	err = c.Fetch(t.Context(), s, func(p sms.Payload) error {
		switch {
		case p.Beyond:
			beyond = append(beyond, p)
		case p.Refused == "":
			good = append(good, p)
		default:
			others = append(others, p)
		}
		return nil
	})
	return good, beyond, others, err
}

func (k *keeper) open(t testing.TB) *Client {
	t.Helper()
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	return open(t, quick(server.URL))
}

func windowsOf(payloads []sms.Payload) string {
	var all []string
	for _, p := range payloads {
		all = append(all, p.Window.String())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestNinetyDaysThatAreOneTooMany(t *testing.T) {
	k := &keeper{most: 89}
	c := k.open(t)
	good, beyond, _, err := k.from(t, c, scope(window(t, "2026-01-01", "2026-03-31")))
	if err != nil || windowsOf(good) != "2026-01-01/2026-01-01 2026-01-02/2026-03-31" || len(beyond) > 0 {
		t.Errorf("%s, beyond %s, %v", windowsOf(good), windowsOf(beyond), err)
	}
	if k.calls() > 12 {
		t.Errorf("%d calls for one window: %v", k.calls(), k.asked)
	}
	// It is known from now on.
	k.asked = nil
	good, _, others, err := k.from(t, c, scope(window(t, "2025-10-03", "2026-03-31")))
	if err != nil || windowsOf(good) != "2025-10-03/2025-12-30 2025-12-31/2025-12-31 2026-01-01/2026-03-30 2026-03-31/2026-03-31" || len(others) > 0 || k.calls() != 4 {
		t.Errorf("%s, %d refused, %v after %d calls", windowsOf(good), len(others), err, k.calls())
	}
}

func TestDaysBeforeWhatTheVendorKeepsAreToldOnce(t *testing.T) {
	kept, _ := sms.ParseDay("2026-02-10")
	k := &keeper{kept: kept, most: 90}
	core, logs := observer.New(zapcore.InfoLevel)
	server := httptest.NewServer(k)
	defer server.Close()
	c, err := New(user, key, quick(server.URL), zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := scope(window(t, "2026-01-01", "2026-03-31"))
	s.Datasets = []sms.Dataset{sms.StatsDay, sms.ProcessFailed, sms.SendFailed}
	good, beyond, others, err := k.from(t, c, s)
	if err != nil || len(good) != 3 || windowsOf(beyond) != "2026-01-01/2026-02-09" {
		t.Fatalf("%s, beyond %s, %v", windowsOf(good), windowsOf(beyond), err)
	}
	for i, p := range good {
		if p.Dataset != s.Datasets[i] || p.Window.String() != "2026-02-10/2026-03-31" {
			t.Errorf("answer %d is of %s for %s", i, p.Dataset, p.Window)
		}
	}
	b := beyond[0]
	body, err := pack.Unpack(b.Body)
	if err != nil || string(body) != tooOld || b.Status != 400 || b.Dataset != sms.StatsDay || !strings.Contains(b.Refused, "date out of range") {
		t.Errorf("told by %+v, %s", b, body)
	}
	for _, p := range others {
		if p.Purpose != sms.ForSearch && !strings.Contains(p.Refused, "date out of range") {
			t.Errorf("%s is kept as %q", p.Window, p.Refused)
		}
	}
	if k.calls() > 12+2 {
		t.Errorf("%d calls: the other datasets know already where to start", k.calls())
	}
	if n := logs.FilterMessage("these days lie before what the vendor keeps").Len(); n != 1 {
		t.Errorf("told %d times in the log", n)
	}
}

func TestAWindowThatIsAllTooOldIsKnownByYesterday(t *testing.T) {
	kept, _ := sms.ParseDay("2026-03-01")
	for _, days := range []string{"2025-10-01/2025-12-29", "2025-12-31/2026-01-01", "2026-01-01/2026-01-01"} {
		k := &keeper{kept: kept, most: 90}
		first, last, _ := strings.Cut(days, "/")
		good, beyond, others, err := k.from(t, k.open(t), scope(window(t, first, last)))
		if err != nil || len(good) > 0 || windowsOf(beyond) != days {
			t.Errorf("%s: %d answers, beyond %s, %v", days, len(good), windowsOf(beyond), err)
		}
		if k.calls() > 4 || k.asked[k.calls()-1] != "2026-03-31/2026-03-31" {
			t.Errorf("%s: asked %v", days, k.asked)
		}
		for _, p := range others {
			if w := window(t, first, last); !w.Contains(p.Window.First()) || !w.Contains(p.Window.Last()) {
				t.Errorf("%s: an answer for %s was kept, which is not in the scope", days, p.Window)
			}
		}
	}
}

// A vendor who takes nothing has something against the question, and not against the days.
func TestRefusedWindowsOfAVendorWhoTakesNothing(t *testing.T) {
	k := &keeper{most: 0}
	good, beyond, _, err := k.from(t, k.open(t), scope(window(t, "2025-10-01", "2025-12-29")))
	if !errors.Is(err, sms.ErrRefused) || len(good)+len(beyond) > 0 || k.calls() > 4 || !strings.Contains(err.Error(), "check filters, msg_type and time_zone") {
		t.Errorf("%v after %d calls, %d good, %d beyond", err, k.calls(), len(good), len(beyond))
	}
	// Of yesterday alone, yesterday is not asked for again.
	k = &keeper{most: 0}
	if _, _, _, err := k.from(t, k.open(t), scope(window(t, "2026-03-31", "2026-03-31"))); !errors.Is(err, sms.ErrRefused) || k.calls() != 1 {
		t.Errorf("yesterday: %v after %d calls", err, k.calls())
	}
	// A day that is not over yet may be refused for that.
	k = &keeper{most: 1}
	if _, beyond, _, err := k.from(t, k.open(t), scope(window(t, "2026-03-31", "2026-04-01"))); !errors.Is(err, sms.ErrRefused) || len(beyond) > 0 || k.calls() != 1 {
		t.Errorf("today: %v after %d calls, beyond %s", err, k.calls(), windowsOf(beyond))
	}
}

// Whatever a vendor keeps and takes, each day has one answer or is beyond, and no window costs more than a dozen calls.
func TestSearchCoversEveryDayOnce(t *testing.T) {
	k := &keeper{}
	server := httptest.NewServer(k)
	defer server.Close()
	yesterday := zone8.Today(noon) - 1
	rapid.Check(t, func(r *rapid.T) {
		length := rapid.IntRange(1, 90).Draw(r, "days")
		last := yesterday - sms.Day(rapid.IntRange(0, 100).Draw(r, "ago"))
		first := last - sms.Day(length-1)
		k.most = rapid.SampledFrom([]int{1, 2, 7, 30, 31, 88, 89, 90}).Draw(r, "most")
		k.kept = yesterday - sms.Day(rapid.IntRange(0, 200).Draw(r, "kept"))
		k.asked = nil
		o := quick(server.URL)
		o.Policy.First = time.Microsecond
		o.MaxBody = rapid.SampledFrom([]int64{1 << 20, 30 * 66}).Draw(r, "cap")
		c, err := New(user, key, o, zap.NewNop())
		if err != nil {
			r.Fatal(err)
		}
		defer c.Close()
		w, err := sms.NewWindow(first, last, zone8)
		if err != nil {
			r.Fatal(err)
		}
		good, beyond, _, err := k.from(t, c, scope(w))
		if err != nil {
			r.Fatal(err)
		}
		seen := map[sms.Day]string{}
		for what, payloads := range map[string][]sms.Payload{"good": good, "beyond": beyond} {
			for _, p := range payloads {
				for d := range p.Window.Days() {
					if seen[d] != "" {
						r.Fatalf("%s twice", d)
					}
					seen[d] = what
				}
			}
		}
		for d := range w.Days() {
			if want := map[bool]string{true: "good", false: "beyond"}[d >= k.kept]; seen[d] != want {
				r.Fatalf("%s is %q, want %q", d, seen[d], want)
			}
		}
		if len(seen) != length || len(beyond) > 1 {
			r.Fatalf("%d days of %d, %d payloads beyond", len(seen), length, len(beyond))
		}
		// The parts of a window are windows of their own.
		if most := 12 + 12*(len(good)+1); k.calls() > most || len(good) == 1 && k.calls() > 12 && o.MaxBody > 1<<19 {
			r.Fatalf("%d calls for %d answers", k.calls(), len(good))
		}
	})
}

func TestCheckSum(t *testing.T) {
	w := window(t, "2026-01-01", "2026-03-31")
	for name, c := range map[string]struct {
		o      Options
		answer http.Handler
		kind   error
		calls  int
	}{
		"sum":         {Options{TemplateIDs: []string{"7"}, MsgType: "2"}, extracttest.Say(200, `{"result":{"targets":5}}`), nil, 1},
		"refused":     {Options{}, extracttest.Say(400, tooOld), sms.ErrRefused, 1},
		"no path":     {Options{}, extracttest.HTML(404), sms.ErrRefused, 2},
		"temporary":   {Options{}, extracttest.HTML(503), sms.ErrTemporary, 4},
		"credentials": {Options{}, extracttest.HTML(401), sms.ErrSourceDenied, 1},
		"two batches": {Options{TemplateIDs: strings.Split("1 2 3 4 5 6 7 8 9 10 11", " ")}, extracttest.Say(200, `{"result":{}}`), sms.ErrRefused, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.RequestURI())
				c.answer.ServeHTTP(w, r)
			}))
			defer server.Close()
			o := quick(server.URL)
			o.TemplateIDs, o.MsgType = c.o.TemplateIDs, c.o.MsgType
			var kept []sms.Payload
			p, err := open(t, o).CheckSum(t.Context(), account, sms.StatsDay, w, func(p sms.Payload) error {
				kept = append(kept, p)
				return nil
			})
			if !errors.Is(err, c.kind) || len(asked) != c.calls || len(kept) != c.calls {
				t.Fatalf("%v after %d calls, %d kept", err, len(asked), len(kept))
			}
			if err != nil {
				return
			}
			if want := "/v1/stats_day?aggregate_by=1&end_date=2026-03-31&msg_type=2&start_date=2026-01-01&template_ids=7&time_zone=%2B8"; asked[0] != want {
				t.Errorf("asked %s, want %s", asked[0], want)
			}
			if p.Refused != "a check sum; nothing to load" || kept[0].Purpose != sms.ForSum || p.Window != w || p.Body.Size == 0 {
				t.Errorf("answer %+v", p)
			}
		})
	}
	other := account
	other.ID = "somebody"
	if _, err := open(t, quick("http://127.0.0.1:1")).CheckSum(t.Context(), other, sms.StatsDay, w, nil); !errors.Is(err, sms.ErrRefused) {
		t.Errorf("another account: %v", err)
	}
	if _, err := open(t, quick("http://127.0.0.1:1")).CheckSum(t.Context(), account, sms.SendStatus, w, nil); !errors.Is(err, sms.ErrRefused) {
		t.Errorf("another vendor's dataset: %v", err)
	}
}

func TestTheOtherDocumentedPathIsTried(t *testing.T) {
	for dataset, paths := range map[sms.Dataset][2]string{
		sms.StatsDay:      {"/v1/stats_day", "/v1/data/stats_day"},
		sms.SendFailed:    {"/v1/stats/send_failed", "/v1/data/sendFailed"},
		sms.ProcessFailed: {"/v1/stats/process_failed", "/v1/data/processFailed"},
	} {
		t.Run(string(dataset), func(t *testing.T) {
			var mu sync.Mutex
			asked := map[string]int{}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				asked[r.URL.Path]++
				mu.Unlock()
				if r.URL.Path == paths[1] {
					rows(w, r)
					return
				}
				extracttest.HTML(404)(w, r)
			}))
			defer server.Close()
			core, logs := observer.New(zapcore.WarnLevel)
			c, err := New(user, key, quick(server.URL), zap.New(core))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			s := scope(window(t, "2026-01-01", "2026-01-03"))
			s.Datasets = []sms.Dataset{dataset}
			for range 3 {
				if err := c.Fetch(t.Context(), s, func(sms.Payload) error { return nil }); err != nil {
					t.Fatal(err)
				}
			}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { _ = c.Fetch(t.Context(), s, func(sms.Payload) error { return nil }) })
			}
			wg.Wait()
			if want := map[string]int{paths[0]: 1, paths[1]: 7}; fmt.Sprint(asked) != fmt.Sprint(want) {
				t.Errorf("asked %v, want %v", asked, want)
			}
			if all := logs.All(); len(all) != 1 || !strings.Contains(all[0].Message, "setting paths") {
				t.Errorf("logged %v", all)
			}
		})
	}
}

func TestAPathThatWasSetIsTheOnlyOne(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		extracttest.HTML(404)(w, r)
	}))
	defer server.Close()
	o := quick(server.URL)
	o.Paths.StatsDay = "/v1/stats_day"
	if err := open(t, o).Sample(t.Context(), scope(window(t, "2026-01-01", "2026-01-03")), func(sms.Payload) error { return nil }); !errors.Is(err, sms.ErrRefused) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestEachOfSeveralUsersIsAskedForByName(t *testing.T) {
	for name, tt := range map[string]struct {
		users []string
		id    string
		want  string // the filter, or "refused"
	}{
		"nobody named":      {nil, user, ""},
		"another":           {nil, "otp", "refused"},
		"one of two":        {[]string{"otp", "service"}, "service", "service"},
		"the signer listed": {[]string{"otp", user}, user, user},
		"the signer alone":  {[]string{"otp"}, user, "refused"},
	} {
		var got string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = strings.Join(r.URL.Query()["sms_users"], "|")
			rows(w, r)
		}))
		o := quick(server.URL)
		o.SMSUsers = tt.users
		s := scope(window(t, "2026-01-01", "2026-01-03"))
		s.Account.ID = tt.id
		err := open(t, o).Fetch(t.Context(), s, func(sms.Payload) error { return nil })
		if errors.Is(err, sms.ErrRefused) {
			got = "refused"
		} else if err != nil {
			t.Error(err)
		}
		if got != tt.want {
			t.Errorf("%s: asked for %q, want %q", name, got, tt.want)
		}
		server.Close()
	}
	if _, err := New(user, key, Options{SMSUsers: []string{"a;b"}}, zap.NewNop()); err == nil {
		t.Error("a user with a separator was taken")
	}
}

// The address of a call can be had without making it.
func TestAddress(t *testing.T) {
	c := open(t, quick("http://127.0.0.1:1"))
	path, _ := c.routes.of(sms.SendFailed)
	got, err := c.address(question{
		dataset: sms.SendFailed, window: window(t, "2026-01-01", "2026-01-03"), by: c.filters[0], path: path,
	})
	if want := "http://127.0.0.1:1/v1/stats/send_failed?aggregate_by=0&end_date=2026-01-03&start_date=2026-01-01&time_zone=%2B8"; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
