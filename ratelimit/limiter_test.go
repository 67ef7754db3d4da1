package ratelimit_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/ratelimit"
	"smsetl/sms"
)

var secret = ratelimit.Key{Vendor: sms.Tencent, Host: "https://vendor", Caller: "AKID-canary", Action: "SendStatusStatistics"}

// counted is a vendor that counts the requests of each second.
var counted = ratelimit.Options{IsCounted: true}

// shifted gives a warehouse whose server's clock can be changed: by the interval in fake.shift.
func shifted(t *testing.T) (url string, shift func(by string)) {
	t.Helper()
	url = pgtest.New(t)
	wh, err := db.Open(t.Context(), url, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(wh.Close)
	if _, err := wh.Exec(t.Context(), `
		CREATE SCHEMA fake;
		CREATE TABLE fake.shift AS SELECT interval '0' AS by;
		CREATE FUNCTION fake.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
		AS $$ SELECT pg_catalog.clock_timestamp() + by FROM fake.shift $$`); err != nil {
		t.Fatal(err)
	}
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + "search_path=fake,pg_catalog,public", func(by string) {
		t.Helper()
		if _, err := wh.Exec(t.Context(), `UPDATE fake.shift SET by = $1`, by); err != nil {
			t.Fatal(err)
		}
	}
}

// open opens the database as another process would.
func open(t *testing.T, url string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), url, db.Options{MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// process gives the budget of another process.
func process(t *testing.T, url string, perSecond float64) *ratelimit.Budget {
	t.Helper()
	return ratelimit.New(open(t, url), secret, perSecond, counted)
}

// moments asks until it has n slots or everything within reach is given away.
func moments(t *testing.T, p *ratelimit.Budget, n int) []time.Time {
	t.Helper()
	var all []time.Time
	for len(all) < n {
		slots, err := p.Reserve(t.Context(), n-len(all))
		if err != nil {
			t.Fatal(err)
		}
		if slots.Count == 0 {
			break
		}
		for i := range slots.Count {
			all = append(all, slots.First.Add(time.Duration(i)*slots.Every))
		}
	}
	return all
}

// apart says whether the moments, of whichever process, are the time apart, but for what a clock's reading is uncertain.
func apart(t *testing.T, all []time.Time, every time.Duration) {
	t.Helper()
	slices.SortFunc(all, time.Time.Compare)
	for i := 1; i < len(all); i++ {
		if d := all[i].Sub(all[i-1]); d < every-20*time.Millisecond {
			t.Errorf("slot %d comes %s after the one before, want %s", i, d, every)
		}
	}
}

func TestBudgetSbudgetsProcesses(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	const every = 100 * time.Millisecond
	budgets := []*ratelimit.Budget{process(t, url, 10), process(t, url, 10), process(t, url, 10)}
	for _, p := range budgets {
		moments(t, p, 1) // who comes into a budget in use gets nothing at once
	}
	time.Sleep(ratelimit.Horizon + every)
	var all []time.Time
	for range 2 {
		for i, p := range budgets {
			got := moments(t, p, 1)
			if len(got) == 0 && len(all) < 5 {
				t.Errorf("process %d got nothing after %d slots", i, len(all))
			}
			all = append(all, got...)
		}
	}
	apart(t, all, every)
	if ahead := time.Until(all[len(all)-1]); len(all) > 7 || ahead > ratelimit.Horizon+20*time.Millisecond {
		t.Errorf("%d slots, the last %s ahead: want none beyond %s", len(all), ahead, ratelimit.Horizon)
	}

	// With all of the reach given away the answer is when to ask again. A machine that is busy may let a slot's time pass in
	// between, and then gets it.
	p := budgets[0]
	isEmpty := false
	for try := 0; try < 20 && !isEmpty; try++ {
		moments(t, p, 100)
		slots, err := p.Reserve(t.Context(), 1)
		if err != nil || time.Until(slots.RetryAt) > every+20*time.Millisecond {
			t.Fatalf("%+v %v, want to ask within %s", slots, err, every)
		}
		isEmpty = slots.Count == 0
	}
	if !isEmpty {
		t.Error("there is always one more slot")
	}
	// Another action has a budget of its own.
	wh := open(t, url)
	other := secret
	other.Action = "CallbackStatusStatistics"
	if got := moments(t, ratelimit.New(wh, other, 10, counted), 1); len(got) != 1 || time.Until(got[0]) > 50*time.Millisecond {
		t.Errorf("the other action's slots: %v, want one now", got)
	}
	leaks, err := db.One[int](t.Context(), wh, `SELECT count(*) FROM etl.pace WHERE pace::text LIKE '%canary%' OR pace::text LIKE '%//vendor%'`)
	if err != nil || leaks != 0 {
		t.Error("the table tells the secret's id or the host")
	}
}

// Processes that ask in the same moment get different slots.
func TestBudgetIsAskedByManyAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	var mu sync.Mutex
	var all []time.Time
	var askers sync.WaitGroup
	for range 6 {
		p := process(t, url, 8)
		moments(t, p, 1)
		askers.Go(func() {
			for until := time.Now().Add(2 * time.Second); time.Now().Before(until); {
				slots, err := p.Reserve(t.Context(), 2)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for i := range slots.Count {
					all = append(all, slots.First.Add(time.Duration(i)*slots.Every))
				}
				mu.Unlock()
			}
		})
	}
	askers.Wait()
	if len(all) < 16 {
		t.Errorf("%d slots in 2.5 s, want 8 a second", len(all))
	}
	apart(t, all, 125*time.Millisecond)
}

func TestBudgetGivesWay(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	one, other := process(t, url, 10), process(t, url, 10)
	wh := open(t, url)
	moments(t, other, 1)
	moments(t, one, 1)
	for _, p := range []*ratelimit.Budget{one, one, other} { // answers to requests that were under way together
		if err := p.Slower(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	hasShare(t, wh, "0.9500")
	slots, err := other.Reserve(t.Context(), 1)
	if err != nil || slots.Count != 0 || time.Until(slots.RetryAt) < 300*time.Millisecond {
		t.Errorf("%+v %v: want a second's pause for the other process too", slots, err)
	}
	elapse := func(by string) {
		t.Helper()
		if _, err := wh.Exec(t.Context(), `
			UPDATE etl.pace
			SET next_slot_at = next_slot_at - $1::interval,
			    paused_until = paused_until - $1::interval,
			    changed_at   = changed_at   - $1::interval`, by); err != nil {
			t.Fatal(err)
		}
	}
	for range 60 {
		elapse("2 seconds")
		if err := one.Slower(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	hasShare(t, wh, "0.1000")
	elapse("61 seconds")
	if slots, err := one.Reserve(t.Context(), 1); err != nil || slots.Count != 1 || slots.Every.Round(time.Millisecond) != 950*time.Millisecond {
		t.Errorf("%+v %v: want one step back after a quiet minute", slots, err)
	}
	for range 60 {
		elapse("61 seconds")
		moments(t, one, 1)
	}
	hasShare(t, wh, "1.0000")
}

// hasShare says which part of the full rate the only budget is at.
func hasShare(t *testing.T, d *db.DB, want string) {
	t.Helper()
	share, err := db.One[string](t.Context(), d, `SELECT round(share::numeric, 4)::text FROM etl.pace`)
	if err != nil || share != want {
		t.Errorf("share %s (%v), want %s", share, err, want)
	}
}

func TestBudgetIsDelayed(t *testing.T) {
	t.Parallel()
	wh := open(t, pgtest.New(t))
	p := ratelimit.New(wh, secret, 10, counted)
	first := moments(t, p, 1)
	if err := p.Delay(t.Context(), 70*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if d := moments(t, p, 1)[0].Sub(first[0]); d < 165*time.Millisecond || d > 300*time.Millisecond {
		t.Errorf("the next slot comes %s after the first, want 170ms", d)
	}
}

// Processes that the same 429 has reached pause once, for as long as it says; others keep the pause, short or long.
func TestBudgetIsPaused(t *testing.T) {
	t.Parallel()
	for asked, kept := range map[time.Duration]time.Duration{
		2 * time.Second: 2 * time.Second, 30 * time.Second: 30 * time.Second, time.Hour: time.Minute,
	} {
		t.Run(asked.String(), func(t *testing.T) {
			t.Parallel()
			url := pgtest.New(t)
			one, other, third := process(t, url, 10), process(t, url, 10), process(t, url, 10)
			for _, p := range []*ratelimit.Budget{one, other, third} { // each knows the server's clock from here on
				moments(t, p, 1)
			}
			since := time.Now()
			for _, p := range []*ratelimit.Budget{one, other, one} {
				if err := p.Pause(t.Context(), asked); err != nil {
					t.Fatal(err)
				}
			}
			slots, err := third.Reserve(t.Context(), 1)
			if err != nil || slots.Count != 0 {
				t.Fatalf("%+v %v: want no slot while the vendor asks for time", slots, err)
			}
			if next := slots.RetryAt.Add(ratelimit.Horizon).Sub(since); next < kept-100*time.Millisecond || next > kept+time.Second {
				t.Errorf("the next slot comes after %s, want %s", next, kept)
			}
			if err := one.Pause(t.Context(), time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if again, err := third.Reserve(t.Context(), 1); err != nil || again.RetryAt.Before(slots.RetryAt.Add(-100*time.Millisecond)) {
				t.Errorf("%+v %v: a shorter wish has ended the longer one", again, err)
			}
		})
	}
}

// Whatever is done to the server's clock, no slot comes closer than it may to one that another process holds, and nobody
// waits for long.
func TestBudgetSurvivesAChangedClock(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"200 ms", "3 s", "1 hour", "-200 ms", "-1 hour"} {
		for _, asker := range []string{"one that knew the clock", "a new one"} {
			if by == "1 hour" && asker == "a new one" {
				continue // it looks like an hour without requests; the next to ask who knew the clock sees it
			}
			t.Run(by+", "+asker, func(t *testing.T) {
				t.Parallel()
				url, shift := shifted(t)
				one, other := process(t, url, 10), process(t, url, 10)
				moments(t, other, 1)
				moments(t, one, 1) // who comes into a budget in use gets nothing at once
				time.Sleep(ratelimit.Horizon + 200*time.Millisecond)
				moments(t, other, 1)
				held := moments(t, one, 4)
				if len(held) != 4 || time.Until(held[3]) < 200*time.Millisecond {
					t.Fatalf("holds %v, want four slots to come", held)
				}
				shift(by)
				if asker == "a new one" {
					other = process(t, url, 10)
				}
				var later []time.Time
				for until := time.Now().Add(6 * time.Second); len(later) == 0 && time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
					later = moments(t, other, 1)
				}
				if len(later) == 0 {
					t.Fatal("no slot for 6 s")
				}
				apart(t, append(held, later...), 80*time.Millisecond)
			})
		}
	}
}

// Without the database nothing goes, and the error says that it is for now.
func TestBudgetFailsClosed(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	wh, admin := open(t, url), open(t, url)
	p := ratelimit.New(wh, secret, 10, counted)
	moments(t, p, 1)
	if _, err := admin.Exec(t.Context(), `ALTER TABLE etl.pace RENAME TO gone`); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Reserve(t.Context(), 1); err == nil || errors.Is(err, sms.ErrTemporary) {
		t.Errorf("%v: want an error that stays", err)
	}
	if _, err := admin.Exec(t.Context(), `ALTER TABLE etl.gone RENAME TO pace`); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(t.Context(), `
		SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	_, err := p.Reserve(t.Context(), 1)
	if err != nil && !errors.Is(err, sms.ErrTemporary) { // the pool may have noticed and connected anew
		t.Errorf("%v: want a temporary error", err)
	}
	if _, err := p.Reserve(t.Context(), 1); err != nil {
		t.Errorf("with the server back: %v", err)
	}
	wh.Close()
	if _, err := p.Reserve(t.Context(), 1); err == nil || !strings.Contains(fmt.Sprint(err), "reserving from the budget of tencent SendStatusStatistics") {
		t.Errorf("%v: want an error that says what could not be done", err)
	}
}
