package schedule

import (
	"slices"
	"time"

	"smsetl/sms"
)

// swept stands where a day's state does, for settled days that a sweep looks at.
const swept sms.State = "swept"

// sweepDays gives the settled days that a sweep looks at once more: no older than SweepDays, and last confirmed by an answer more than
// SweepEveryDays ago. It is read from the ledger and not from a clock of its own, so a sweep that is missed is due still.
func (s Source) sweepDays(book ledger, a sms.Account, group []sms.Dataset, now time.Time) []dueDay {
	var days []dueDay
	stale := now.AddDate(0, 0, -s.SweepEveryDays)
	for d := max(s.First(now), s.Zone.Today(now)-sms.Day(s.SweepDays)); d <= s.Yesterday(now); d++ {
		var oldest time.Time // of the confirmations of the group's datasets
		settled := true
		for i, dataset := range group {
			st := s.status(book, a, dataset, d, now)
			settled = settled && (st.State == sms.Final || st.State == sms.Empty)
			if i == 0 || st.ConfirmedAt.Before(oldest) {
				oldest = st.ConfirmedAt
			}
		}
		if settled && oldest.Before(stale) {
			days = append(days, dueDay{d, swept})
		}
	}
	return days
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
