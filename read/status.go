package read

import (
	"context"
	"slices"
	"time"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Expectation is one dataset of one account with the days that should be there, as the configuration says.
type Expectation struct {
	Source      string
	Account     sms.Account
	Dataset     sms.Dataset
	First, Last sms.Day // both inside; none where Last is before First
	// KeptFrom is the first day that the vendor still tells about; 0 when nobody knows.
	KeptFrom sms.Day
}

// Status is how far the expected days are. A Day of 0 is none.
type Status struct {
	Expectation

	Days       map[sms.State]int // how many are in each state; together all that are expected
	Newest     sms.Day           // the newest day that is loaded
	CompleteTo sms.Day           // every expected day until this one is loaded
	Confirmed  time.Time         // when an answer was last believed; zero for never
	Open       []OpenDays        // what can still be done something about
	// Failing says that the last load that came to an end by itself failed, and why.
	Failing bool
	Reason  string
}

// OpenDays are the expected days in one of the states missing, failed and quarantined, oldest first.
type OpenDays struct {
	State  sms.State
	Days   []sms.Day
	Reason string // of the newest of them; empty for missing days
}

// in gives the open days of a state.
func (s Status) in(states ...sms.State) []sms.Day {
	var all []sms.Day
	for _, o := range s.Open {
		if slices.Contains(states, o.State) {
			all = append(all, o.Days...)
		}
	}
	slices.Sort(all)
	return all
}

// Gap gives the days that are missing or failed, oldest first.
func (s Status) Gap() []sms.Day { return s.in(sms.Missing, sms.Failed) }

// leavingDays is how early a day is called leaving: a week takes in somebody's holiday.
const leavingDays = 7

// Leaving gives the days that are not loaded and that the vendor will no longer tell about in a week.
func (s Status) Leaving() []sms.Day {
	if s.KeptFrom == 0 {
		return nil
	}
	var leaving []sms.Day
	for _, day := range s.in(sms.Missing, sms.Failed, sms.Quarantined) {
		if day < s.KeptFrom+leavingDays {
			leaving = append(leaving, day)
		}
	}
	return leaving
}

// FailingSources gives the sources of which the last load of every dataset of every account failed, with the reason of one.
func FailingSources(all []Status) map[string]string {
	failing := map[string]string{}
	for _, s := range all {
		if s.Failing {
			failing[s.Source] = s.Reason
		}
	}
	for _, s := range all {
		if !s.Failing {
			delete(failing, s.Source)
		}
	}
	return failing
}

// Status says how far the expected days are by the ledger, in the order of the expectations.
func (m *Model) Status(ctx context.Context, expected []Expectation) ([]Status, error) {
	all, err := ReadStatus(ctx, m.db, expected)
	return all, failed("the status of the days", err)
}

// statusLine counts the days of one expectation that are in one state.
type statusLine struct {
	Position       int // of the expectation, from 1
	State          sms.State
	IsHeld         bool // their numbers are in the warehouse
	Days           int
	Oldest, Newest sms.Day
	Confirmed      time.Time
	Open           []sms.Day
	Reason         string
}

// lastLoad is the last load of an expectation that came to an end by itself.
type lastLoad struct {
	Position        int
	Outcome, Reason string
}

// ReadStatus is Status within a transaction.
func ReadStatus(ctx context.Context, q db.Querier, expected []Expectation) ([]Status, error) {
	type asked struct {
		Vendor                sms.Vendor
		Account               string
		Dataset               sms.Dataset
		First, Last, KeptFrom sms.Day
	}
	all, rows := make([]Status, len(expected)), make([]asked, len(expected))
	for i, e := range expected {
		all[i] = Status{Expectation: e, Days: map[sms.State]int{}}
		rows[i] = asked{e.Account.Vendor, e.Account.ID, e.Dataset, e.First, e.Last, e.KeptFrom}
	}
	columns := db.Columns(rows)
	lines, err := db.All[statusLine](ctx, q, statement("status"), columns...)
	if err != nil {
		return nil, err
	}
	addLines(all, lines)
	loads, err := db.All[lastLoad](ctx, q, statement("status_loads"), columns[:3]...)
	for _, l := range loads {
		all[l.Position-1].Failing, all[l.Position-1].Reason = l.Outcome == "failed", l.Reason
	}
	return all, err
}

func addLines(all []Status, lines []statusLine) {
	holes := make([]sms.Day, len(all))
	for _, l := range lines {
		s, hole := &all[l.Position-1], &holes[l.Position-1]
		s.Days[l.State] += l.Days
		if l.Confirmed.After(s.Confirmed) {
			s.Confirmed = l.Confirmed
		}
		if l.IsHeld {
			s.Newest = max(s.Newest, l.Newest)
		} else if *hole == 0 || l.Oldest < *hole {
			*hole = l.Oldest
		}
		if len(l.Open) > 0 {
			s.Open = append(s.Open, OpenDays{State: l.State, Days: l.Open, Reason: l.Reason})
		}
	}
	for i := range all {
		all[i].CompleteTo = completeTo(all[i], holes[i])
	}
}

// completeTo gives the day before the first hole, and none when the first expected day is one.
func completeTo(s Status, hole sms.Day) sms.Day {
	switch {
	case hole == 0 && s.Last >= s.First:
		return s.Last
	case hole > s.First:
		return hole - 1
	default:
		return 0
	}
}
