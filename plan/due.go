package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/sms"
)

// Item is one window to be requested.
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

// Due gives the windows to request, oldest first unless the request says otherwise; none when nothing is due. Every
// error is the caller's: a name that is not there, a range that cannot be requested. Windows of a sweep come after
// those that are due.
//
// coverage has to reach over every day that can be planned, from First of each source or From when that is earlier, and
// say what each day is now, as ledger.Days does. A day that is not in it is missing.
//
// A day is due when it is over in its source's zone and the ledger does not hold it as settled. A quarantined day is
// due at once: the next answer may be a good one, and an equal one confirms it only when ConfirmAfter has passed. Each
// due day is in exactly one window. Windows are cut at fixed places of the calendar, but for days that fit into one, and never
// bridge days that are not due: planning what is left of a broken backfill gives the windows that were left, under the same names.
func Due(request Request, sources []Source, coverage []sms.DayStatus, now time.Time) ([]Item, error) {
	choices, err := requestable(request, sources)
	if err != nil {
		return nil, err
	}
	if err := checkRange(request, choices, now); err != nil {
		return nil, err
	}
	book, oldest, busy := newLedger(coverage), oldestWithRows(coverage), busyDays(request.Busy)
	var due, swept []Item
	for _, c := range choices {
		first, last := c.First(now), c.Yesterday(now)
		if request.From != nil {
			first = *request.From
		}
		if request.To != nil {
			last = *request.To
		}
		for _, a := range c.loaded() {
			s := series{c.Source, a, book, busy, now}
			due = append(due, s.windows(s.due(first, last, oldest[keyOf(a, "", 0)], request.Refetch))...)
			if request.Sweep {
				swept = append(swept, s.windows(s.sweep())...)
			}
		}
	}
	for i := range swept {
		swept[i].Sweep = true
	}
	for _, items := range [][]Item{due, swept} {
		slices.SortStableFunc(items, func(a, b Item) int {
			if request.NewestFirst {
				return cmp.Compare(b.Scope.Window.Last(), a.Scope.Window.Last())
			}
			return cmp.Compare(a.Scope.Window.First(), b.Scope.Window.First())
		})
	}
	return append(due, swept...), nil
}

// oldestWithRows gives the oldest day of each account that has rows in any dataset. Rows of unverified days are zeros.
func oldestWithRows(coverage []sms.DayStatus) map[dayKey]sms.Day {
	all := map[dayKey]sms.Day{}
	for i := range coverage {
		d := &coverage[i]
		key := keyOf(d.Account, "", 0)
		if oldest, known := all[key]; d.Rows > 0 && d.State != sms.Unverified && (!known || d.Day < oldest) {
			all[key] = d.Day
		}
	}
	return all
}

// busyDays are the days that are on their way.
func busyDays(scopes []sms.Scope) map[dayKey]bool {
	busy := map[dayKey]bool{}
	for _, scope := range scopes {
		for _, dataset := range scope.Datasets {
			for d := range scope.Window.Days() {
				busy[keyOf(scope.Account, dataset, d)] = true
			}
		}
	}
	return busy
}

// series are the days of one account, as the ledger knows them at the time of planning.
type series struct {
	Source
	account sms.Account
	book    ledger
	busy    map[dayKey]bool
	now     time.Time
}

// dueDay is a day to be requested, and why: the state that it is in, or one of those below.
type dueDay struct {
	day   sms.Day
	state sms.State
}

// What stands where a day's state does.
const (
	swept   sms.State = "swept"   // a settled day that a sweep looks at
	beside  sms.State = "context" // a day that is requested beside a quarantined one
	refetch sms.State = "refetch" // a settled day that somebody, or what is known by now, wants once more
)

func (s series) statuses(d sms.Day) []sms.DayStatus {
	all := make([]sms.DayStatus, len(s.Datasets))
	for i, dataset := range s.Datasets {
		all[i] = s.book.status(s.account, dataset, d)
	}
	return all
}

// due gives the days that are due, with the loaded neighbours of quarantined ones: an answer that is silent about a
// day is judged by what it says of the days beside it. oldest is the account's oldest day with rows.
func (s series) due(first, last, oldest sms.Day, withSettled bool) []dueDay {
	var days []dueDay
	isIn := map[sms.Day]bool{}
	for d := first; d <= last; d++ {
		all := s.statuses(d)
		state, isDue := stateOf(all)
		// Nothing proved an unverified day to be quiet: the vendor may have been out of order.
		if isDue || withSettled && state != sms.Frozen || state == sms.Unverified && s.isWorthAnotherLook(all[0], oldest) {
			days, isIn[d] = append(days, dueDay{d, state}), true
		}
	}
	for _, d := range days {
		for _, day := range []sms.Day{d.day - 1, d.day + 1} {
			if d.state != sms.Quarantined || isIn[day] || day > s.Yesterday(s.now) {
				continue
			}
			if st := s.statuses(day)[0]; st.IsLoaded() && st.Rows > 0 {
				days, isIn[day] = append(days, dueDay{day, beside}), true
			}
		}
	}
	slices.SortFunc(days, func(a, b dueDay) int { return cmp.Compare(a.day, b.day) })
	return days
}

// stateOf says in which state an account's datasets are, and whether that makes the day due: the first in this order that
// one of them is in. A frozen dataset freezes the others, because their rows are replaced together.
func stateOf(all []sms.DayStatus) (state sms.State, isDue bool) {
	for _, state := range []sms.State{sms.Frozen, sms.Missing, sms.Failed, sms.Quarantined, sms.Provisional} {
		if slices.ContainsFunc(all, func(st sms.DayStatus) bool { return st.State == state }) {
			return state, state != sms.Frozen
		}
	}
	return all[0].State, false
}

// isWorthAnotherLook says that an unverified day was looked at on one day only and another one has come; where older
// days are known to have messages by now, so that its silence can be judged, that it was looked at on two.
func (s series) isWorthAnotherLook(d sms.DayStatus, oldest sms.Day) bool {
	looked, enough := d.CheckedAt.Sub(d.Since), s.ConfirmAfter
	if oldest != 0 && d.Day > oldest {
		enough *= 3
	}
	return looked < enough && s.now.Sub(d.CheckedAt) >= s.ConfirmAfter
}

// sweptJustNow is how long a day that a sweep has just confirmed is left out of the rest of it: of a sweep that got
// half way, the other half follows.
const sweptJustNow = 24 * time.Hour

// sweep gives the settled days that a sweep looks at once more, none older than SweepDays. A sweep is due when one of
// them was last confirmed by an answer more than SweepEveryDays ago, and then takes in all of them: days settle one by
// one, and sweeping each in its own time would ask for a day every day. It is read from the ledger and not from a
// clock of its own, so a sweep that is missed is due still.
func (s series) sweep() []dueDay {
	var days []dueDay
	isDue := false
	stale := s.now.AddDate(0, 0, -s.SweepEveryDays)
	justNow := s.now.Add(-min(sweptJustNow, time.Duration(s.SweepEveryDays)*24*time.Hour))
	for d := max(s.First(s.now), s.Zone.Today(s.now)-sms.Day(s.SweepDays)); d <= s.Yesterday(s.now); d++ {
		all := s.statuses(d)
		isOpen := func(st sms.DayStatus) bool {
			return st.State != sms.Final && st.State != sms.Empty && st.State != sms.Unverified
		}
		oldest := slices.MinFunc(all, func(a, b sms.DayStatus) int { return a.CheckedAt.Compare(b.CheckedAt) }).CheckedAt
		if slices.ContainsFunc(all, isOpen) || !oldest.Before(justNow) {
			continue
		}
		isDue = isDue || oldest.Before(stale)
		days = append(days, dueDay{d, swept})
	}
	if !isDue {
		return nil
	}
	return days
}

// chunk gives the piece of the calendar that a day is in. Pieces are counted from 1970-01-01; those of 31 days are the months, by
// which sums are kept: a window that lies in one month brings the sums of one forward.
func (s Source) chunk(d sms.Day) sms.Day {
	if s.ChunkDays == 31 {
		return d.Month()
	}
	return d / sms.Day(s.ChunkDays)
}

// windows makes windows of consecutive days that are not on their way for any of the datasets. Days that fit into one window are in
// one, since an answer is judged by the days beside it; of more, the first window ends where a piece of the calendar does.
func (s series) windows(days []dueDay) []Item {
	days = slices.DeleteFunc(days, func(d dueDay) bool {
		return slices.ContainsFunc(s.Datasets, func(of sms.Dataset) bool { return s.busy[keyOf(s.account, of, d.day)] })
	})
	var items []Item
	for len(days) > 0 {
		n := 1
		for n < len(days) && days[n].day == days[n-1].day+1 {
			n++
		}
		if n > s.ChunkDays {
			n = slices.IndexFunc(days, func(d dueDay) bool { return s.chunk(d.day) != s.chunk(days[0].day) })
		}
		window, err := sms.NewWindow(days[0].day, days[n-1].day, s.Zone)
		if err != nil {
			panic(err) // the days are in order
		}
		scope := sms.Scope{Account: s.account, Datasets: s.Datasets, Window: window}
		item := Item{Source: s.Name, Scope: scope, Reason: reasonOf(days[:n])}
		item.Refetch = slices.ContainsFunc(days[:n], func(d dueDay) bool { return d.state.IsSettled() })
		item.Calls, item.Time = s.cost(scope)
		items = append(items, item)
		days = days[n:]
	}
	return items
}

// reasonOf counts the days by why they are due.
func reasonOf(days []dueDay) string {
	counts := map[sms.State]int{}
	for _, d := range days {
		if d.state.IsSettled() {
			d.state = refetch
		}
		counts[d.state]++
	}
	var parts []string
	for _, state := range []sms.State{sms.Missing, sms.Failed, sms.Quarantined, sms.Provisional, refetch, swept, beside} {
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
