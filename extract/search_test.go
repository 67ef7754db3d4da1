package extract

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"smsetl/sms"
)

func TestFrontierFindsTheFirstDayThatIsAnswered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := sms.Date(2026, 1, 1)
		days := rapid.IntRange(1, 90).Draw(t, "days")
		w, err := sms.NewWindow(first, first+sms.Day(days-1), sms.Zone{})
		if err != nil {
			t.Fatal(err)
		}
		want := first + sms.Day(rapid.IntRange(1, days).Draw(t, "first taken"))
		nextFirst := rapid.Bool().Draw(t, "next first")
		calls := 0
		seen := map[sms.Window]bool{w: true} // that it is refused is known
		got, ok, err := frontier(w, nextFirst, func(tail sms.Window) (bool, error) {
			calls++
			if seen[tail] || tail.Last() != w.Last() {
				t.Fatalf("asked for %s", tail)
			}
			seen[tail] = true
			return tail.First() >= want, nil
		})
		if err != nil || ok != (want <= w.Last()) || ok && got != want {
			t.Fatalf("first day %s, %t, %v, want %s of %s", got, ok, err, want, w)
		}
		if most := 9; calls > most {
			t.Fatalf("%d calls for %d days, want at most %d", calls, days, most)
		}
		if !ok && calls > 2 {
			t.Fatalf("%d calls to learn that nothing is taken", calls)
		}
	})
}

func TestFrontierEndsWithTheFirstError(t *testing.T) {
	w, err := sms.NewWindow(sms.Date(2026, 1, 1), sms.Date(2026, 3, 31), sms.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	for after := range 6 {
		calls := 0
		_, _, err := frontier(w, true, func(tail sms.Window) (bool, error) {
			if calls++; calls > after {
				return false, broken
			}
			return tail.First() > sms.Date(2026, 2, 1), nil
		})
		if !errors.Is(err, broken) || calls != after+1 {
			t.Errorf("%v after %d calls, want the error of call %d", err, calls, after+1)
		}
	}
}

func TestLongestKeepsTheSmallest(t *testing.T) {
	var l Longest
	if l.Of(90) != 90 {
		t.Errorf("%d days of a vendor of whom nothing is known", l.Of(90))
	}
	for _, days := range []int{89, 90, 30, 40} {
		l.Learn(days)
	}
	if l.Of(90) != 30 || l.Of(7) != 7 {
		t.Errorf("%d days of 90, %d of 7", l.Of(90), l.Of(7))
	}
}
