package ratelimit_test

import (
	"testing"
	"time"

	"smsetl/internal/db"
	"smsetl/internal/dev/pgtest"
	"smsetl/ratelimit"
	"smsetl/sms"
)

// waits says whether a process that has just come is told to wait.
func waits(t *testing.T, p *ratelimit.Budget) bool {
	t.Helper()
	slots, err := p.Reserve(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return slots.Count == 0
}

func closed(t *testing.T, p *ratelimit.Budget) {
	t.Helper()
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// holders says how many hold slots of the only budget.
func holders(t *testing.T, d *db.DB) int {
	t.Helper()
	n, err := db.One[int](t.Context(), d, `SELECT cardinality(holders) FROM etl.pace`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Whoever comes waits for those who hold slots, and for nobody else.
func TestNobodyWaitsForABudgetThatNobodyHolds(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	one, two := process(t, url, 10), process(t, url, 10)
	if waits(t, one) {
		t.Error("the first process waits for nobody")
	}
	if !waits(t, two) {
		t.Error("the second process does not wait for the first, which lives")
	}
	closed(t, one)
	if waits(t, two) {
		t.Error("the second process waits for the first, which has gone")
	}
	closed(t, one) // for the second time
	if third := process(t, url, 10); !waits(t, third) {
		t.Error("the third process does not wait for the second")
	}
	moments(t, one, 1) // it goes on after all
	closed(t, two)
	if third := process(t, url, 10); !waits(t, third) {
		t.Error("the third process does not wait for the first, which has come back")
	}
	closed(t, one)
	if third := process(t, url, 10); waits(t, third) {
		t.Error("the third process waits, and all others have gone")
	}
}

// A process that lives and asks nothing gives back what it holds by itself.
func TestIdleSlotsAreGivenBack(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	wh, one := open(t, url), process(t, url, 10)
	moments(t, one, 4)
	for deadline := time.Now().Add(time.Minute); holders(t, wh) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("slots are held for a minute")
		}
	}
	if waits(t, process(t, url, 10)) {
		t.Error("a process waits for one that holds nothing")
	}
	if waits(t, one) || holders(t, wh) != 2 {
		t.Error("the process that gave its slots back gets no others")
	}
}

// Who was killed never says that his slots are used up: others wait until they must be.
func TestSlotsOfTheDeadAreWaitedFor(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	wh := open(t, url)
	moments(t, process(t, url, 10), 1)
	if _, err := wh.Exec(t.Context(), `UPDATE etl.pace SET holders = '{4711}'`); err != nil { // of a process that is no more
		t.Fatal(err)
	}
	next := process(t, url, 10)
	if !waits(t, next) {
		t.Error("nobody knows what the dead process held")
	}
	var got int
	for deadline := time.Now().Add(time.Minute); got == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got = len(moments(t, next, 1))
	}
	if got == 0 {
		t.Error("the dead process is waited for for ever")
	}
	if _, err := wh.Exec(t.Context(), `UPDATE etl.pace SET next_slot_at = next_slot_at - interval '11 seconds'`); err != nil {
		t.Fatal(err)
	}
	if waits(t, process(t, url, 10)) || holders(t, wh) != 1 {
		t.Error("slots of eleven seconds ago are waited for")
	}
}

// The distance to a request that went just before its process ended is kept, also when the server's clock is changed between them.
func TestDistanceIsKeptToWhoHasGone(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"0", "3 s", "9 s", "-200 ms", "-1 hour"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			url, shift := shifted(t)
			one, next := process(t, url, 10), process(t, url, 10)
			held := moments(t, one, 1)
			time.Sleep(time.Until(held[0])) // the request goes
			closed(t, one)
			shift(by)
			var later []time.Time
			for until := time.Now().Add(6 * time.Second); len(later) == 0 && time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
				later = moments(t, next, 1)
			}
			if len(later) == 0 {
				t.Fatal("no slot for 6 s")
			}
			apart(t, append(held, later...), 100*time.Millisecond)
		})
	}
}

// Where nobody counts the requests of a second, nobody waits for others to use theirs. What the vendor has asked for is kept all
// the same.
func TestUncountedBudgetHasNoWait(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	uncounted := func() *ratelimit.Budget {
		return ratelimit.New(open(t, url), ratelimit.Key{Vendor: sms.EngageLab, Caller: "user"}, 10, ratelimit.Options{})
	}
	var all []time.Time
	for i := range 4 {
		got := moments(t, uncounted(), 1)
		if len(got) == 0 {
			t.Errorf("process %d waits", i)
		}
		all = append(all, got...)
	}
	apart(t, all, 100*time.Millisecond)
	if err := uncounted().Pause(t.Context(), 20*time.Second); err != nil {
		t.Fatal(err)
	}
	if slots, err := uncounted().Reserve(t.Context(), 1); err != nil || slots.Count != 0 || time.Until(slots.RetryAt) < 15*time.Second {
		t.Errorf("%+v %v: the vendor has asked for 20 s", slots, err)
	}
}
