package ledger

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
	First, Last sms.Day // both inside; none where Last is before First. Today is the day after Last
	// RetentionDays is how many days back the vendor still answers; 0 when it is not known to forget.
	RetentionDays int
	Deadline      Deadline
}

// Deadline is until when the days of a source should be there. The zero value says nothing.
type Deadline struct {
	By        time.Duration // after midnight in the zone of the account; 0 for none
	FinalDays int           // a loaded day of this age is final by then
}

// columns are what days.sql takes of the expectations: the deadline is not the database's.
func columns(expected []Expectation) []any { return db.Columns(expected)[:8] }

// Status is how far the expected days are. A Day of 0 is none.
type Status struct {
	Expectation

	Days       map[sms.State]int // how many are in each state; together all that are expected
	Newest     sms.Day           // the newest day that is loaded
	CompleteTo sms.Day           // every expected day until this one is loaded; a lost one is a hole for good
	FinalTo    sms.Day           // every expected day until this one is loaded and will not change any more
	Confirmed  time.Time         // when an answer was last believed; zero for never
	Open       []OpenDays        // what can still be done something about
	Unsettled  []sms.Day         // what is provisional, oldest first
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

// Leaving gives the days that are not loaded and that the vendor will no longer report in a week.
func (s Status) Leaving() []sms.Day {
	if s.RetentionDays == 0 {
		return nil
	}
	keptFrom := s.Last + 1 - sms.Day(s.RetentionDays)
	return slices.DeleteFunc(s.in(sms.Missing, sms.Failed, sms.Quarantined), func(day sms.Day) bool {
		return day >= keptFrom+leavingDays
	})
}

// Late gives the days for which the deadline is over, oldest first: those that are not loaded, and those that are not final although they are
// old enough. A quarantined day waits for a person or another answer, and is none of them.
func (s Status) Late(now time.Time) []sms.Day {
	if s.Deadline.By == 0 {
		return nil
	}
	over := func(days []sms.Day, age int) []sms.Day {
		return slices.DeleteFunc(slices.Clone(days), func(day sms.Day) bool {
			return now.Before(s.Account.Zone.Start(day + sms.Day(age)).Add(s.Deadline.By))
		})
	}
	late := append(over(s.Gap(), 1), over(s.Unsettled, s.Deadline.FinalDays)...)
	slices.Sort(late)
	return late
}

// FailingSources gives the sources of which the last load of every dataset of every account failed, with the reason of
// one.
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

// ReadStatus gives how far the expected days are, in the order of the expectations.
func ReadStatus(ctx context.Context, q db.Querier, expected []Expectation) ([]Status, error) {
	all := make([]Status, len(expected))
	for i, e := range expected {
		all[i] = Status{Expectation: e, Days: map[sms.State]int{}}
	}
	arguments := columns(expected)
	lines, err := db.All[statusLine](ctx, q, withDays("status"), arguments...)
	if err != nil {
		return nil, failed("the status of the days", err)
	}
	addLines(all, lines)
	loads, err := db.All[lastLoad](ctx, q, statement("status_loads"), arguments[1], arguments[2], arguments[4])
	for _, l := range loads {
		all[l.Position-1].Failing, all[l.Position-1].Reason = l.Outcome == "failed", l.Reason
	}
	return all, failed("how the last loads ended", err)
}

func addLines(all []Status, lines []statusLine) {
	for i := range all {
		all[i].CompleteTo, all[i].FinalTo = all[i].Last, all[i].Last
	}
	for _, l := range lines {
		s := &all[l.Position-1]
		s.Days[l.State] += l.Days
		if l.Confirmed.After(s.Confirmed) {
			s.Confirmed = l.Confirmed
		}
		if l.IsHeld {
			s.Newest = max(s.Newest, l.Newest)
		} else {
			s.CompleteTo = min(s.CompleteTo, l.Oldest-1)
		}
		if !l.IsHeld || l.State == sms.Provisional {
			s.FinalTo = min(s.FinalTo, l.Oldest-1)
		}
		if l.State == sms.Provisional {
			s.Unsettled = l.Open
		} else if len(l.Open) > 0 {
			s.Open = append(s.Open, OpenDays{State: l.State, Days: l.Open, Reason: l.Reason})
		}
	}
	for i := range all {
		for _, to := range []*sms.Day{&all[i].CompleteTo, &all[i].FinalTo} {
			if *to < all[i].First {
				*to = 0 // the first expected day is a hole
			}
		}
	}
}
