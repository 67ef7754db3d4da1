// Package plan says which windows are due. It is pure: sources, ledger and the present time in, windows out.
package plan

import (
	"time"

	"smsetl/belief"
	"smsetl/sms"
)

// Source is what planning knows of a source: the accounts of one set of credentials at one vendor, and how they are
// requested.
type Source struct {
	belief.Settings
	Name         string
	Vendor       sms.Vendor
	Datasets     []sms.Dataset // of the vendor: always requested, loaded and settled together
	AccountIDs   []string      // what the vendor keeps separate statistics for
	Zone         sms.Zone      // of the vendor's day
	HistoryStart sms.Day       // 0: DefaultHistory days before the day of the request; use First
	// IsImported says that the vendor has no call for statistics: somebody brings files of it.
	IsImported     bool
	ChunkDays      int // the longest window, in days; 31 are months of the calendar
	SweepDays      int // how far back the slow sweep looks; 0 is never
	SweepEveryDays int // how long a settled day is left alone before a sweep looks at it
	// CallsPerWindow is how many calls one dataset of a window takes. 0: a call for each day, each dataset at a limit of
	// its own.
	CallsPerWindow       int
	MaxRequestsPerSecond float64 // of each action
}

// DefaultHistory is how many days back a source without history_start is expected to be there.
const DefaultHistory = 365

// Earliest is before any statistics of any vendor: a day before it is a slip.
var Earliest = sms.Date(2000, time.January, 1)

// Accounts gives what the vendor keeps separate statistics for under these credentials.
func (s Source) Accounts() []sms.Account {
	accounts := make([]sms.Account, len(s.AccountIDs))
	for i, id := range s.AccountIDs {
		accounts[i] = sms.Account{Vendor: s.Vendor, ID: id, Zone: s.Zone}
	}
	return accounts
}

// First gives the first day that is expected to be there.
func (s Source) First(now time.Time) sms.Day {
	if s.HistoryStart != 0 {
		return s.HistoryStart
	}
	return s.Zone.Today(now) - DefaultHistory
}

// Yesterday gives the last day that is over in the source's zone, and so the last that can be requested.
func (s Source) Yesterday(now time.Time) sms.Day { return s.Zone.Today(now) - 1 }
