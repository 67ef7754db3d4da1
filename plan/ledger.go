package plan

import (
	"fmt"
	"math"
	"slices"
	"time"

	"smsetl/sms"
)

// ledger finds the status of a day. The zone is not part of an account's identity: the ledger of another zone would be
// an error of loading and not of planning.
type ledger map[dayKey]sms.DayStatus

type dayKey struct {
	vendor  sms.Vendor
	account string
	dataset sms.Dataset
	day     sms.Day
}

func keyOf(a sms.Account, dataset sms.Dataset, d sms.Day) dayKey {
	return dayKey{a.Vendor, a.ID, dataset, d}
}

func newLedger(coverage []sms.DayStatus) ledger {
	book := make(ledger, len(coverage))
	for _, d := range coverage {
		book[keyOf(d.Account, d.Dataset, d.Day)] = d
	}
	return book
}

// status gives what is known of the day now: what the ledger holds, or a missing day.
func (s Source) status(book ledger, a sms.Account, dataset sms.Dataset, d sms.Day, now time.Time) sms.DayStatus {
	st, ok := book[keyOf(a, dataset, d)]
	if !ok {
		st = sms.DayStatus{Account: a, Dataset: dataset, Day: d, State: sms.Missing}
	}
	if st.State == sms.Missing {
		st.Since = s.Zone.Start(d + 1)
	}
	return s.aged(st, now)
}

// Expected gives one status for each account and dataset of the source and each day from the start of its history to
// today: account by account, dataset by dataset, oldest day first. It fills in what the ledger does not hold: missing
// days, and today as not due. A day that the vendor keeps no longer is what that makes of it, whether the ledger says
// so already or not.
func Expected(s Source, coverage []sms.DayStatus, now time.Time) []sms.DayStatus {
	book := newLedger(coverage)
	first, today := s.First(now), s.Zone.Today(now)
	var all []sms.DayStatus
	for _, a := range s.Accounts() {
		for _, dataset := range slices.Concat(s.Vendor.Groups()...) {
			for d := first; d < today; d++ {
				all = append(all, s.status(book, a, dataset, d, now))
			}
			notDue := sms.DayStatus{Account: a, Dataset: dataset, Day: today, State: sms.NotDue, Since: s.Zone.Start(today)}
			all = append(all, notDue)
		}
	}
	return all
}

// Expired gives the expected days whose line in the ledger is not what time has made of it: lost, missing again,
// settled.
func Expired(s Source, coverage []sms.DayStatus, now time.Time) []sms.DayStatus {
	written := newLedger(coverage)
	return slices.DeleteFunc(Expected(s, coverage, now), func(d sms.DayStatus) bool {
		line, ok := written[keyOf(d.Account, d.Dataset, d.Day)]
		return d.State == sms.NotDue || d.State == line.State || !ok && d.State == sms.Missing
	})
}

// LoadedUpTo gives the last day until which every one of the expected days is loaded; ok is false when the first is
// not. It is derived from every day, so a later day never counts past a hole. A frozen day counts when something was
// loaded before it was frozen; a lost one is a hole for good. Of the days of several datasets it gives the day until
// which all of them are loaded.
func LoadedUpTo(expected []sms.DayStatus) (day sms.Day, ok bool) {
	return beforeHole(expected, func(d sms.DayStatus) bool { return d.IsLoaded() || isFinal(d) })
}

// FinalUpTo is LoadedUpTo for days that will not change any more: final, empty, or frozen after a load.
func FinalUpTo(expected []sms.DayStatus) (day sms.Day, ok bool) { return beforeHole(expected, isFinal) }

func isFinal(d sms.DayStatus) bool {
	wasLoaded := d.State == sms.Frozen && !d.ConfirmedAt.IsZero()
	return d.State == sms.Final || d.State == sms.Empty || d.State == sms.Unverified || wasLoaded
}

// beforeHole gives the day before the earliest one that does not hold.
func beforeHole(expected []sms.DayStatus, holds func(sms.DayStatus) bool) (sms.Day, bool) {
	if len(expected) == 0 {
		return 0, false
	}
	first, hole := expected[0].Day, sms.Day(math.MaxInt32)
	last := first
	for _, d := range expected {
		first, last = min(first, d.Day), max(last, d.Day)
		if !holds(d) {
			hole = min(hole, d.Day)
		}
	}
	return min(hole-1, last), hole > first
}

// DaysLeft gives on how many more days, today among them, the day can be requested; 0 is never again. limited is false
// when the vendor is not known to forget (RetentionDays 0).
func (s Source) DaysLeft(d sms.Day, now time.Time) (left int, limited bool) {
	if s.RetentionDays == 0 {
		return 0, false
	}
	return max(0, int(d-s.Zone.Today(now))+s.RetentionDays+1), true
}

// NextAction gives what brings a day of the source on. A quarantined day that the vendor keeps no longer waits for a
// person.
func (s Source) NextAction(d sms.DayStatus, now time.Time) sms.Action {
	left, limited := s.DaysLeft(d.Day, now)
	if d.State == sms.Quarantined && limited && left == 0 {
		return sms.DoRelease
	}
	return d.State.NextAction()
}

// aged gives a line of the ledger as it is now, because time alone changes what can become of a day: one that the
// vendor keeps no longer is lost when it was never loaded and settled when it was, and a lost one that the vendor
// keeps after all is missing.
func (s Source) aged(d sms.DayStatus, now time.Time) sms.DayStatus {
	left, limited := s.DaysLeft(d.Day, now)
	event := sms.Expire
	switch {
	case !limited:
		return d
	case d.State == sms.Lost && left > 0:
		event = sms.Recall
	case left > 0:
		return d
	case d.State == sms.Provisional && d.Rows > 0:
		event = sms.Settled
	case d.State == sms.Provisional:
		event = sms.Nothing
	}
	next, err := sms.Standing{State: d.State}.After(event)
	if err != nil || next.State == d.State {
		return d // time changes nothing for it
	}
	d.State, d.Since = next.State, s.Zone.Start(d.Day+sms.Day(s.RetentionDays)+1)
	if d.State == sms.Lost {
		// etl.expected_day says the same.
		reason := fmt.Sprintf("not loaded within the %d days that the vendor keeps", s.RetentionDays)
		if d.Reason != "" {
			reason += ": " + d.Reason
		}
		d.Reason = reason
	}
	if d.State == sms.Missing {
		d.Reason, d.LoadID, d.Since = "", 0, s.Zone.Start(d.Day+1)
	}
	return d
}
