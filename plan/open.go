package plan

import (
	"time"

	"smsetl/sms"
)

// OpenDays are days of an item that are not answered yet.
type OpenDays struct {
	Source string `json:"source"`
	Scope  string `json:"scope"`
	Reason string `json:"reason"`
	Days   int    `json:"days"`
}

// Open gives which days of the items the ledger does not hold yet, item by item. Provisional days are loaded, and a quarantined day is
// not open for as long as its source lets days wait for another answer, which waits says.
func Open(items []Item, coverage []sms.DayStatus, waits func(source string) (days int), now time.Time) (open []OpenDays) {
	book := newLedger(coverage)
	for _, item := range items {
		left := OpenDays{Source: item.Source, Scope: item.Scope.String()}
		for _, dataset := range item.Scope.Datasets {
			for day := range item.Scope.Window.Days() {
				d := book[keyOf(item.Scope.Account, dataset, day)]
				isWaiting := d.State == sms.Quarantined && now.Before(d.Since.AddDate(0, 0, waits(item.Source)))
				if d.IsLoaded() || d.State == sms.Frozen || d.State == sms.Unverified || isWaiting {
					continue
				}
				left.Days++
				left.Reason = openReason(d)
			}
		}
		if left.Days > 0 {
			open = append(open, left)
		}
	}
	return open
}

func openReason(d sms.DayStatus) string {
	switch {
	case d.State == "":
		return string(sms.Missing)
	case d.Reason == "":
		return string(d.State)
	default:
		return string(d.State) + ": " + d.Reason
	}
}
