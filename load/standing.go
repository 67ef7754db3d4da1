package load

import (
	"context"
	_ "embed"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

//go:embed sql/standing.sql
var standingQuery string

//go:embed sql/standing_load.sql
var standingLoadQuery string

// Expectation is one dataset of one account with the days that should be there, as the configuration says.
type Expectation struct {
	Source      string
	Account     sms.Account
	Dataset     sms.Dataset
	First, Last sms.Day // both inside; none where Last is before First
	// KeptFrom is the first day that the vendor still tells about; 0 when nobody knows.
	KeptFrom sms.Day
}

// Standing is how the expected days stand. A Day of 0 is none.
type Standing struct {
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
func (s Standing) in(states ...sms.State) []sms.Day {
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
func (s Standing) Gap() []sms.Day { return s.in(sms.Missing, sms.Failed) }

// leavingDays is how early a day is called leaving: a week takes in somebody's holiday.
const leavingDays = 7

// Leaving gives the days that are not loaded and that the vendor will no longer tell about in a week.
func (s Standing) Leaving() []sms.Day {
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
func FailingSources(all []Standing) map[string]string {
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

// Standing says how the expected days stand in the ledger, in the order of the expectations.
func (w *Warehouse) Standing(ctx context.Context, expected []Expectation) ([]Standing, error) {
	all, err := readStanding(ctx, w.pool, expected)
	return all, failed("reading how the days stand", err)
}

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, query string, arguments ...any) (pgx.Rows, error)
}

func readStanding(ctx context.Context, db querier, expected []Expectation) ([]Standing, error) {
	all := make([]Standing, len(expected))
	var vendors, accounts, datasets []string
	var first, last []time.Time
	kept := make([]*time.Time, len(expected)) // NULL where nobody knows
	for i, e := range expected {
		all[i] = Standing{Expectation: e, Days: map[sms.State]int{}}
		vendors, accounts, datasets = append(vendors, string(e.Account.Vendor)), append(accounts, e.Account.ID), append(datasets, string(e.Dataset))
		first, last = append(first, date(e.First)), append(last, date(e.Last))
		if e.KeptFrom != 0 {
			day := date(e.KeptFrom)
			kept[i] = &day
		}
	}
	rows, err := db.Query(ctx, standingQuery, vendors, accounts, datasets, first, last, kept)
	if err == nil {
		err = readDays(rows, all)
	}
	if err != nil {
		return nil, err
	}
	rows, err = db.Query(ctx, standingLoadQuery, vendors, accounts, datasets)
	if err == nil {
		err = readLastLoads(rows, all)
	}
	return all, err
}

func readDays(rows pgx.Rows, all []Standing) error {
	holes := make([]sms.Day, len(all))
	var position, days int
	var state sms.State
	var held bool
	var oldest, newest time.Time
	var confirmed *time.Time
	var open []time.Time
	var reason string
	_, err := pgx.ForEachRow(rows, []any{&position, &state, &held, &days, &oldest, &newest, &confirmed, &open, &reason}, func() error {
		s := &all[position-1]
		s.Days[state] += days
		if confirmed != nil && confirmed.After(s.Confirmed) {
			s.Confirmed = *confirmed
		}
		if held {
			s.Newest = max(s.Newest, sms.DayOf(newest))
		} else if hole := sms.DayOf(oldest); holes[position-1] == 0 || hole < holes[position-1] {
			holes[position-1] = hole
		}
		if len(open) > 0 {
			s.Open = append(s.Open, OpenDays{State: state, Days: daysOf(open), Reason: reason})
		}
		return nil
	})
	for i := range all {
		all[i].CompleteTo = completeTo(all[i], holes[i])
	}
	return err
}

// completeTo gives the day before the first hole, and none when the first expected day is one.
func completeTo(s Standing, hole sms.Day) sms.Day {
	switch {
	case hole == 0 && s.Last >= s.First:
		return s.Last
	case hole > s.First:
		return hole - 1
	default:
		return 0
	}
}

func daysOf(dates []time.Time) []sms.Day {
	days := make([]sms.Day, len(dates))
	for i, d := range dates {
		days[i] = sms.DayOf(d)
	}
	return days
}

func readLastLoads(rows pgx.Rows, all []Standing) error {
	var position int
	var outcome, reason string
	_, err := pgx.ForEachRow(rows, []any{&position, &outcome, &reason}, func() error {
		all[position-1].Failing = outcome == "failed"
		all[position-1].Reason = reason
		return nil
	})
	return err
}
