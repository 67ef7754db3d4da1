// Package plan says which windows are due. It is pure: sources, ledger and the present time in, windows out.
package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/sms"
)

// Item is one window to be asked for.
type Item struct {
	Source string
	Scope  sms.Scope
	Reason string        // why its days are due: "88 missing, 2 failed"
	Calls  int           // to the vendor, about; for Tencent as if every day had messages
	Time   time.Duration // at the source's rate
	Sweep  bool          // settled days that are looked at once more for late changes; never mixed with due ones
	// Refetch says that settled days are among them, which whoever loads the window would else pass over.
	Refetch bool
}

// Due gives the windows to ask for, oldest first unless asked otherwise; none when nothing is due. Every error is the
// asker's: a name that is not there, a range that cannot be asked for.
// Windows of a sweep come after those that are due.
//
// coverage has to reach over every day that can be planned: from First of each source, or From when that is earlier.
//
// A day is due when it is over in its source's zone and the ledger does not hold it as settled. A quarantined day is due at
// once: the next answer may be a good one, and an equal one confirms it only when ConfirmAfter has passed. Each due day is
// in exactly one window. Windows of a chunk are cut at fixed places of the calendar and never bridge days that are not due,
// so planning what is left of a broken backfill gives the windows that were left, under the same names.
func Due(request Request, sources []Source, coverage []sms.DayStatus, now time.Time) ([]Item, error) {
	chosen, err := asked(request, sources)
	if err != nil {
		return nil, err
	}
	if err := checkRange(request, chosen, now); err != nil {
		return nil, err
	}
	book, onTheirWay, oldest := newLedger(coverage), newBusy(request.Busy), oldestWithRows(coverage)
	var items []Item
	for _, c := range chosen {
		first, last := c.source.First(now), c.source.Yesterday(now)
		if request.From != nil {
			first = *request.From
		}
		if request.To != nil {
			last = *request.To
		}
		for _, a := range c.accounts {
			for _, group := range c.groups {
				days := dueDays(request, c.source, book, a, group, first, last, oldest[accountKey{a.Vendor, a.ID}], now)
				items = append(items, c.source.windows(a, group, onTheirWay.without(a, group, days))...)
				if request.Sweep {
					days := c.source.sweepDays(book, a, group, now)
					items = append(items, asSweep(c.source.windows(a, group, onTheirWay.without(a, group, days)))...)
				}
			}
		}
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		if a.Sweep != b.Sweep {
			return cmp.Compare(isTrue(a.Sweep), isTrue(b.Sweep))
		}
		if request.NewestFirst {
			return cmp.Compare(b.Scope.Window.Last(), a.Scope.Window.Last())
		}
		return cmp.Compare(a.Scope.Window.First(), b.Scope.Window.First())
	})
	return items, nil
}

// dueDay is a day to be asked for, and the state it is in.
type dueDay struct {
	day   sms.Day
	state sms.State
}

// oldestWithRows gives the oldest day of each account that has rows in any dataset. Rows of unverified days are zeros.
func oldestWithRows(coverage []sms.DayStatus) map[accountKey]sms.Day {
	all := map[accountKey]sms.Day{}
	for i := range coverage {
		d := &coverage[i]
		key := accountKey{d.Account.Vendor, d.Account.ID}
		if oldest, known := all[key]; d.Rows > 0 && d.State != sms.Unverified && (!known || d.Day < oldest) {
			all[key] = d.Day
		}
	}
	return all
}

// accountKey names an account whatever source asks for it.
type accountKey struct {
	vendor sms.Vendor
	id     string
}

// contextState stands where a day's state does, for days that are asked for beside a quarantined one.
const contextState sms.State = "context"

func dueDays(request Request, s Source, book ledger, a sms.Account, group []sms.Dataset, first, last, oldest sms.Day, now time.Time) []dueDay {
	var days []dueDay
	for d := first; d <= last; d++ {
		state, due := s.isDue(request, book, a, group, d, now)
		// Nothing proved the day to be quiet: the vendor may have been out of order.
		if state == sms.Unverified && s.isWorthAnotherLook(s.status(book, a, group[0], d, now), oldest, now) {
			due = true
		}
		if due {
			days = append(days, dueDay{d, state})
		}
	}
	return s.withContext(book, a, group, days, now)
}

// isWorthAnotherLook says that an unverified day was looked at on one day only and another one has come; where older days are known
// to have messages by now, so that its silence can be judged, that it was looked at on two.
func (s Source) isWorthAnotherLook(d sms.DayStatus, oldest sms.Day, now time.Time) bool {
	looked, enough := d.CheckedAt.Sub(d.Since), s.ConfirmAfter
	if oldest != 0 && d.Day > oldest {
		enough *= 3
	}
	return looked < enough && now.Sub(d.CheckedAt) >= s.ConfirmAfter
}

// withContext adds the loaded neighbours of quarantined days: an answer that is silent about a day is judged by what it says of
// the days beside it.
func (s Source) withContext(book ledger, a sms.Account, group []sms.Dataset, days []dueDay, now time.Time) []dueDay {
	isIn := make(map[sms.Day]bool, len(days))
	for _, d := range days {
		isIn[d.day] = true
	}
	all := days
	for _, d := range days {
		if d.state != sms.Quarantined {
			continue
		}
		for _, beside := range []sms.Day{d.day - 1, d.day + 1} {
			if isIn[beside] || beside > s.Yesterday(now) {
				continue
			}
			if st := s.status(book, a, group[0], beside, now); st.IsLoaded() && st.Rows > 0 {
				isIn[beside] = true
				all = append(all, dueDay{beside, contextState})
			}
		}
	}
	slices.SortFunc(all, func(a, b dueDay) int { return cmp.Compare(a.day, b.day) })
	return all
}

// isDue says whether the day is to be asked for, and in which state its group of datasets is: the first in this order that
// one of them is in. A frozen dataset freezes its group, because the group's rows are replaced together.
func (s Source) isDue(request Request, book ledger, a sms.Account, group []sms.Dataset, d sms.Day, now time.Time) (sms.State, bool) {
	var all []sms.DayStatus
	for _, dataset := range group {
		all = append(all, s.status(book, a, dataset, d, now))
	}
	in := func(state sms.State) bool {
		return slices.ContainsFunc(all, func(st sms.DayStatus) bool { return st.State == state })
	}
	if in(sms.Frozen) {
		return sms.Frozen, false
	}
	for _, state := range []sms.State{sms.Missing, sms.Failed, sms.Quarantined, sms.Provisional} {
		if in(state) {
			return state, true
		}
	}
	return all[0].State, request.Refetch
}

// windows makes windows of consecutive days. A window ends where its days do, and where the calendar, counted in chunks from
// 1970-01-01, does.
func (s Source) windows(a sms.Account, group []sms.Dataset, days []dueDay) []Item {
	chunk := func(d sms.Day) sms.Day { return d / sms.Day(s.ChunkDays) }
	var items []Item
	for len(days) > 0 {
		n := 1
		for n < len(days) && days[n].day == days[n-1].day+1 && chunk(days[n].day) == chunk(days[0].day) {
			n++
		}
		window, err := sms.NewWindow(days[0].day, days[n-1].day, s.Zone)
		if err != nil {
			panic(err) // the days are in order
		}
		item := Item{Source: s.Name, Scope: sms.Scope{Account: a, Datasets: group, Window: window}, Reason: reasonOf(days[:n])}
		item.Refetch = slices.ContainsFunc(days[:n], func(d dueDay) bool { return d.state.IsSettled() })
		item.Calls, item.Time = s.cost(item.Scope)
		items = append(items, item)
		days = days[n:]
	}
	return items
}

// reasonOf counts the days by why they are due. Settled days are due because somebody wants them once more.
func reasonOf(days []dueDay) string {
	counts := map[sms.State]int{}
	for _, d := range days {
		if d.state.IsSettled() {
			d.state = "refetch" // unverified ones too: somebody, or what is known by now, wants them once more
		}
		counts[d.state]++
	}
	var parts []string
	for _, state := range []sms.State{sms.Missing, sms.Failed, sms.Quarantined, sms.Provisional, "refetch", swept, contextState} {
		if n := counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

// cost estimates the calls of a scope and how long they take at the source's rate.
func (s Source) cost(scope sms.Scope) (calls int, takes time.Duration) {
	calls = s.CallsPerWindow * len(scope.Datasets)
	inTurn := calls // calls that share one limit
	if s.CallsPerWindow == 0 {
		// A call gives one sum, so a day with messages takes one; quiet stretches take fewer. Each dataset has its own limit,
		// and they are called side by side.
		inTurn = scope.Window.Len()
		calls = inTurn * len(scope.Datasets)
	}
	return calls, time.Duration(float64(inTurn) / s.MaxRequestsPerSecond * float64(time.Second))
}

// Estimate adds up items: the calls, and the time until the last of them is done when sources are asked side by side.
func Estimate(items []Item) (calls int, takes time.Duration) {
	bySource := map[string]time.Duration{}
	for _, i := range items {
		calls += i.Calls
		bySource[i.Source] += i.Time
		takes = max(takes, bySource[i.Source])
	}
	return calls, takes
}
