package tencent

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"smsetl/internal/dev/extracttest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// keeper is a vendor who answers each action for no day before the one kept, and for at most most days in one call.
type keeper struct {
	kept map[string]sms.Day
	most map[string]int
	vendor

	mu    sync.Mutex
	asked []string
}

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		panic(err)
	}
	first, last := q.days()
	action := r.Header.Get("X-TC-Action")
	k.mu.Lock()
	k.asked = append(k.asked, action+" "+q.BeginTime+" "+q.EndTime)
	k.mu.Unlock()
	most, isLimited := k.most[action]
	switch {
	case first < k.kept[action]:
		failure("InvalidParameterValue.BeginTimeVerifyFail", "too old").ServeHTTP(w, r)
	case isLimited && int(last-first)+1 > most:
		failure("InvalidParameterValue.EndTimeVerifyFail", "too long").ServeHTTP(w, r)
	default:
		n := 0
		for d := first; d <= last; d++ {
			if k.isActive(d) {
				n += 100
			}
		}
		extracttest.Say(200, answer(action, n))(w, r)
	}
}

// sorted are payloads by what they are for.
type sorted struct{ good, beyond, others []sms.Payload }

func (s *sorted) add(p sms.Payload) error {
	switch {
	case p.Beyond:
		s.beyond = append(s.beyond, p)
	case p.Refused == "":
		s.good = append(s.good, p)
	default:
		s.others = append(s.others, p)
	}
	return nil
}

func windowsOf(payloads []sms.Payload) string {
	var all []string
	for _, p := range payloads {
		all = append(all, p.Window.String())
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

func TestDaysBeforeWhatTheVendorKeeps(t *testing.T) {
	kept, _ := sms.ParseDay("2026-01-20")
	for name, k := range map[string]*keeper{
		"both":                {kept: map[string]sms.Day{"SendStatusStatistics": kept, "CallbackStatusStatistics": kept}, vendor: vendor{always}},
		"receipts are fewer":  {kept: map[string]sms.Day{"CallbackStatusStatistics": kept}, vendor: vendor{always}},
		"what was sent fewer": {kept: map[string]sms.Day{"SendStatusStatistics": kept}, vendor: vendor{never}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(k)
			defer server.Close()
			var got sorted
			err := open(t, quick(server.URL)).Fetch(t.Context(), scope(window(t, "2026-01-01", "2026-01-31")), got.add)
			if err != nil || windowsOf(got.beyond) != "2026-01-01/2026-01-19" || len(got.beyond) != 1 {
				t.Fatalf("beyond %s, %v", windowsOf(got.beyond), err)
			}
			b := got.beyond[0]
			body, err := pack.Unpack(b.Body)
			if err != nil || !strings.Contains(string(body), "too old") || !strings.Contains(b.Refused, "BeginTimeVerifyFail") || b.Request.Action == "" {
				t.Errorf("told by %+v, %s, %v", b, body, err)
			}
			days := 0
			for _, p := range got.good {
				days += p.Window.Len()
			}
			if days != 2*12 {
				t.Errorf("answers for %d days of both calls: %s", days, windowsOf(got.good))
			}
			if most := 2*12 + 12; len(k.asked) > most {
				t.Errorf("%d calls, want at most %d", len(k.asked), most)
			}
		})
	}
}

func TestAShorterWindowThanTheVendorsPagesSay(t *testing.T) {
	k := &keeper{most: map[string]int{"CallbackStatusStatistics": 31}, vendor: vendor{never}}
	server := httptest.NewServer(k)
	defer server.Close()
	c := open(t, quick(server.URL))
	var got sorted
	if err := c.Fetch(t.Context(), scope(window(t, "2026-01-01", "2026-02-01")), got.add); err != nil || len(got.beyond) > 0 || windowsOf(got.good) != "2026-01-01/2026-01-01 2026-01-02/2026-02-01" {
		t.Fatalf("%s, beyond %s, %v", windowsOf(got.good), windowsOf(got.beyond), err)
	}
	k.asked, got = nil, sorted{}
	if err := c.Fetch(t.Context(), scope(window(t, "2026-01-01", "2026-02-01")), got.add); err != nil || len(k.asked) != 4 || len(got.others) > 0 {
		t.Errorf("it is not known the second time: %v, %v", err, k.asked)
	}
}

func TestAWindowThatIsAllTooOld(t *testing.T) {
	kept, _ := sms.ParseDay("2026-03-01")
	k := &keeper{kept: map[string]sms.Day{"CallbackStatusStatistics": kept}, vendor: vendor{always}}
	server := httptest.NewServer(k)
	defer server.Close()
	var got sorted
	err := open(t, quick(server.URL)).Fetch(t.Context(), scope(window(t, "2026-01-05", "2026-01-31")), got.add)
	if err != nil || windowsOf(got.beyond) != "2026-01-05/2026-01-31" || len(got.good) > 0 || len(k.asked) > 6 {
		t.Errorf("beyond %s, %d good, %v after %v", windowsOf(got.beyond), len(got.good), err, k.asked)
	}
	if last := k.asked[len(k.asked)-1]; last != "CallbackStatusStatistics 2026033100 2026033123" {
		t.Errorf("the last question is %s, want one about yesterday", last)
	}
	for _, p := range got.others {
		if p.Window.Last() > kept {
			t.Errorf("an answer for %s was kept, which is not in the scope", p.Window)
		}
	}
}

func TestTimesOfAVendorWhoTakesNone(t *testing.T) {
	k := &keeper{most: map[string]int{"SendStatusStatistics": 0}, vendor: vendor{always}}
	server := httptest.NewServer(k)
	defer server.Close()
	var got sorted
	err := open(t, quick(server.URL)).Fetch(t.Context(), scope(window(t, "2026-01-05", "2026-01-31")), got.add)
	if !errors.Is(err, sms.ErrRefused) || len(got.beyond)+len(got.good) > 0 || len(k.asked) != 3 {
		t.Errorf("%v, beyond %s after %v", err, windowsOf(got.beyond), k.asked)
	}
}

func TestReconcileLeavesOutWhatIsBeyond(t *testing.T) {
	kept, _ := sms.ParseDay("2026-01-20")
	changed, _ := sms.ParseDay("2026-01-25")
	for _, k := range []*keeper{
		{kept: map[string]sms.Day{"CallbackStatusStatistics": kept}},
		{most: map[string]int{"SendStatusStatistics": 20}},
	} {
		k.vendor = vendor{func(d sms.Day) bool { return d != changed }}
		server := httptest.NewServer(k)
		same := func(p sms.Payload) (bool, error) {
			body, err := pack.Unpack(p.Body)
			return string(body) == answer(actions[p.Dataset], 100*p.Window.Len()), err
		}
		var got sorted
		windows, err := open(t, quick(server.URL)).Reconcile(t.Context(), scope(window(t, "2026-01-01", "2026-01-31")), same, got.add)
		if err != nil || len(windows) != 1 || windows[0].String() != "2026-01-25/2026-01-25" {
			t.Errorf("changed %v, %v", windows, err)
		}
		if want := map[bool]string{true: "2026-01-01/2026-01-19"}[k.most == nil]; windowsOf(got.beyond) != want {
			t.Errorf("beyond %s, want %q", windowsOf(got.beyond), want)
		}
		for _, p := range got.others {
			if p.Purpose != sms.ForReconcile && p.Purpose != sms.ForSearch && !strings.Contains(p.Refused, "VerifyFail") {
				t.Errorf("%s is kept as %q", p.Window, p.Refused)
			}
		}
		if len(got.good) > 0 {
			t.Errorf("%d answers would be loaded", len(got.good))
		}
		server.Close()
	}
}

// Whatever a vendor keeps and takes, each day has one pair of answers or is beyond.
func TestSearchCoversEveryDayOnce(t *testing.T) {
	k := &keeper{}
	server := httptest.NewServer(k)
	defer server.Close()
	yesterday := zone8.Today(noon) - 1
	rapid.Check(t, func(r *rapid.T) {
		k.kept, k.most = map[string]sms.Day{}, map[string]int{}
		kept := sms.Day(0)
		for _, action := range actions {
			k.kept[action] = yesterday - sms.Day(rapid.IntRange(0, 70).Draw(r, action))
			k.most[action] = rapid.SampledFrom([]int{1, 3, 30, 31, 32, 90}).Draw(r, "most")
			kept = max(kept, k.kept[action])
		}
		every := sms.Day(rapid.IntRange(1, 9).Draw(r, "active every"))
		k.vendor = vendor{func(d sms.Day) bool { return d%every == 0 }}
		last := yesterday - sms.Day(rapid.IntRange(0, 50).Draw(r, "ago"))
		w, err := sms.NewWindow(last-sms.Day(rapid.IntRange(0, 39).Draw(r, "days")), last, zone8)
		if err != nil {
			r.Fatal(err)
		}
		c, err := New(id, key, quick(server.URL), zap.NewNop())
		if err != nil {
			r.Fatal(err)
		}
		defer c.Close()
		var got sorted
		if err := c.Fetch(t.Context(), scope(w), got.add); err != nil {
			r.Fatal(err)
		}
		pairs, beyond := map[sms.Day]int{}, map[sms.Day]int{}
		for _, p := range got.good {
			for d := range p.Window.Days() {
				pairs[d]++
			}
		}
		for _, p := range got.beyond {
			for d := range p.Window.Days() {
				beyond[d]++
			}
		}
		for d := range w.Days() {
			if d < kept && (beyond[d] != 1 || pairs[d] != 0) || d >= kept && (beyond[d] != 0 || pairs[d] != 2) {
				r.Fatalf("%s: %d answers, %d times beyond; kept from %s", d, pairs[d], beyond[d], kept)
			}
		}
	})
}
