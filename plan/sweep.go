package plan

import (
	"slices"
	"time"

	"smsetl/sms"
)

// swept stands where a day's state does, for settled days that a sweep looks at.
const swept sms.State = "swept"

// sweptJustNow is how long a day that a sweep has just confirmed is left out of the rest of it: of a sweep that got half way, the
// other half follows.
const sweptJustNow = 24 * time.Hour

// sweepDays gives the settled days that a sweep looks at once more, none older than SweepDays. A sweep is due when one of
// them was last confirmed by an answer more than SweepEveryDays ago, and then takes in all of them: days settle one by one,
// and sweeping each in its own time would ask for a day every day. It is read from the ledger and not from a clock of its
// own, so a sweep that is missed is due still.
func (s Source) sweepDays(book ledger, a sms.Account, group []sms.Dataset, now time.Time) []dueDay {
	var days []dueDay
	isDue := false
	stale, justNow := now.AddDate(0, 0, -s.SweepEveryDays), now.Add(-min(sweptJustNow, time.Duration(s.SweepEveryDays)*24*time.Hour))
	for d := max(s.First(now), s.Zone.Today(now)-sms.Day(s.SweepDays)); d <= s.Yesterday(now); d++ {
		confirmed, settled := s.settled(book, a, group, d, now)
		if !settled || !confirmed.Before(justNow) {
			continue
		}
		isDue = isDue || confirmed.Before(stale)
		days = append(days, dueDay{d, swept})
	}
	if !isDue {
		return nil
	}
	return days
}

// settled says whether a day is settled in every dataset of a group, and when the one confirmed longest ago was.
func (s Source) settled(book ledger, a sms.Account, group []sms.Dataset, d sms.Day, now time.Time) (confirmed time.Time, settled bool) {
	for i, dataset := range group {
		st := s.status(book, a, dataset, d, now)
		if st.State != sms.Final && st.State != sms.Empty && st.State != sms.Unverified {
			return time.Time{}, false
		}
		if i == 0 || st.CheckedAt.Before(confirmed) {
			confirmed = st.CheckedAt
		}
	}
	return confirmed, true
}

// asSweep marks items.
func asSweep(items []Item) []Item {
	for i := range items {
		items[i].Sweep = true
	}
	return items
}

// busy knows the days that are on their way.
type busy map[ledgerKey]bool

func newBusy(scopes []sms.Scope) busy {
	b := busy{}
	for _, scope := range scopes {
		for _, dataset := range scope.Datasets {
			for d := range scope.Window.Days() {
				b[ledgerKey{scope.Account.Vendor, scope.Account.ID, dataset, d}] = true
			}
		}
	}
	return b
}

// without gives the days that are not on their way for any dataset of the group.
func (b busy) without(a sms.Account, group []sms.Dataset, days []dueDay) []dueDay {
	if len(b) == 0 {
		return days
	}
	return slices.DeleteFunc(days, func(d dueDay) bool {
		return slices.ContainsFunc(group, func(dataset sms.Dataset) bool { return b[ledgerKey{a.Vendor, a.ID, dataset, d.day}] })
	})
}

// isTrue gives 1 for true, to sort by.
func isTrue(b bool) int {
	if b {
		return 1
	}
	return 0
}
