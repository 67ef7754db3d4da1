package tencent

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/internal/dev/extracttest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// changed is a vendor with some sums of days for each action.
type changed struct {
	days  map[string]map[sms.Day]int // by action
	calls int
}

func (c *changed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		panic(err)
	}
	c.calls++
	action := r.Header.Get("X-TC-Action")
	n := 0
	for first, last := q.days(); first <= last; first++ {
		n += 100 + c.days[action][first]
	}
	extracttest.Say(200, answer(action, n), "Content-Type", "application/json")(w, r)
}

func TestReconcile(t *testing.T) {
	w := window(t, "2026-01-01", "2026-02-01")
	all := map[sms.Day]int{}
	for d := range w.Days() {
		all[d] = 1
	}
	on := func(days ...int) map[sms.Day]int {
		m := map[sms.Day]int{}
		for _, d := range days {
			m[w.First()+sms.Day(d-1)] = 1
		}
		return m
	}
	tests := []struct {
		name           string
		send, callback map[sms.Day]int
		want           string
		calls          int
	}{
		{"nothing changed", nil, nil, "", 2},
		{"late receipts of one day", nil, on(13), "2026-01-13", 10},
		{"one day of both", on(13), on(13), "2026-01-13", 18},
		{"the first day", nil, on(1), "2026-01-01", 12},
		{"the last day", nil, on(32), "2026-02-01", 7},
		{"two neighbours", nil, on(16, 17), "2026-01-16/2026-01-17", 16},
		{"what was sent on one day, receipts of another", on(3), on(30), "2026-01-03 2026-01-30", 18},
		{"every day", nil, all, "2026-01-01/2026-02-01", 2 + 62},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := &changed{days: map[string]map[sms.Day]int{"SendStatusStatistics": tt.send, "CallbackStatusStatistics": tt.callback}}
			windows, payloads := reconciledOf(t, v, w)
			var got []string
			for _, c := range windows {
				got = append(got, strings.TrimSuffix(c.String(), map[bool]string{true: "/" + c.Last().String()}[c.Len() == 1]))
			}
			if g := strings.Join(got, " "); g != tt.want || v.calls > tt.calls || len(payloads) != v.calls {
				t.Errorf("%q after %d calls with %d answers kept, want %q after at most %d", g, v.calls, len(payloads), tt.want, tt.calls)
			}
			for _, p := range payloads {
				if p.Purpose != sms.ForReconcile || p.Refused == "" {
					t.Errorf("an answer of a reconciliation would be loaded: %q", p.Refused)
				}
			}
		})
	}
}

// reconciledOf looks at the window when every day was stored with 100 of everything.
func reconciledOf(t testing.TB, h http.Handler, w sms.Window) (windows []sms.Window, payloads []sms.Payload) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	same := func(p sms.Payload) (bool, error) {
		body, err := pack.Unpack(p.Body)
		want := answer(actions[p.Dataset], 100*p.Window.Len())
		return string(body) == want, err
	}
	windows, err := open(t, quick(server.URL)).Reconcile(t.Context(), scope(w), same, func(p sms.Payload) error {
		payloads = append(payloads, p)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return windows, payloads
}

// Changes that only add or only take away never cancel out: exactly the changed days are found.
func TestReconcileFindsExactlyTheChangedDays(t *testing.T) {
	w := window(t, "2026-01-01", "2026-02-01")
	rapid.Check(t, func(r *rapid.T) {
		v := &changed{days: map[string]map[sms.Day]int{}}
		want := map[sms.Day]bool{}
		for action := range fields {
			v.days[action] = map[sms.Day]int{}
			for _, d := range rapid.SliceOfN(rapid.IntRange(0, 31), 0, 5).Draw(r, action) {
				v.days[action][w.First()+sms.Day(d)] = 1 + d
				want[w.First()+sms.Day(d)] = true
			}
		}
		windows, _ := reconciledOf(t, v, w)
		got := map[sms.Day]bool{}
		for _, c := range windows {
			for d := range c.Days() {
				if got[d] {
					r.Fatalf("%s twice", d)
				}
				got[d] = true
			}
		}
		if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
			r.Fatal(diff)
		}
		if most := 2 + 2*11*len(want); v.calls > most {
			r.Fatalf("%d calls for %d days, want at most %d", v.calls, len(want), most)
		}
	})
}
