package plan

import (
	"math"
	"slices"
	"time"

	"smsetl/sms"
)

// ledger finds the status of a day. The zone is not part of an account's identity: the ledger of another zone would be an
// error of loading and not of planning.
type ledger map[ledgerKey]sms.DayStatus

type ledgerKey struct {
	vendor  sms.Vendor
	account string
	dataset sms.Dataset
	day     sms.Day
}

func newLedger(coverage []sms.DayStatus) ledger {
	book := make(ledger, len(coverage))
	for _, d := range coverage {
		book[ledgerKey{d.Account.Vendor, d.Account.ID, d.Dataset, d.Day}] = d
	}
	return book
}

// status gives what the ledger holds of the day, or a missing day.
func (book ledger) status(a sms.Account, dataset sms.Dataset, d sms.Day) sms.DayStatus {
	if st, ok := book[ledgerKey{a.Vendor, a.ID, dataset, d}]; ok {
		return st
	}
	return sms.DayStatus{Account: a, Dataset: dataset, Day: d, State: sms.Missing}
}

// status gives what is known of the day now.
func (s Source) status(book ledger, a sms.Account, dataset sms.Dataset, d sms.Day, now time.Time) sms.DayStatus {
	st := book.status(a, dataset, d)
	if st.State == sms.Missing {
		st.Since = s.Zone.Start(d + 1)
	}
	return s.aged(st, now)
}

// Expected gives one status for each account and dataset of the source and each day from the start of its history to today:
// account by account, dataset by dataset, oldest day first. It fills in what the ledger does not hold: missing days, and today
// as not due. A day that the vendor keeps no longer is what that makes of it, whether the ledger says so already or not.
func Expected(s Source, coverage []sms.DayStatus, now time.Time) []sms.DayStatus {
	book := newLedger(coverage)
	first, today := s.First(now), s.Zone.Today(now)
	var all []sms.DayStatus
	for _, a := range s.Accounts() {
		for _, dataset := range slices.Concat(s.Vendor.Groups()...) {
			for d := first; d < today; d++ {
				all = append(all, s.status(book, a, dataset, d, now))
			}
			all = append(all, sms.DayStatus{Account: a, Dataset: dataset, Day: today, State: sms.NotDue, Since: s.Zone.Start(today)})
		}
	}
	return all
}

// LoadedUpTo gives the last day until which every one of the expected days is loaded; ok is false when the first is not. It is
// derived from every day, so a later day never counts past a hole. A frozen day counts when something was loaded before it was
// frozen; a lost one is a hole for good. Of the days of several datasets it gives the day until which all of them are loaded.
func LoadedUpTo(expected []sms.DayStatus) (day sms.Day, ok bool) {
	return beforeHole(expected, func(d sms.DayStatus) bool { return d.IsLoaded() || d.State == sms.Unverified || wasLoaded(d) })
}

// FinalUpTo is LoadedUpTo for days that will not change any more: final, empty, or frozen after a load.
func FinalUpTo(expected []sms.DayStatus) (day sms.Day, ok bool) {
	return beforeHole(expected, func(d sms.DayStatus) bool {
		return d.State == sms.Final || d.State == sms.Empty || d.State == sms.Unverified || wasLoaded(d)
	})
}

func wasLoaded(d sms.DayStatus) bool { return d.State == sms.Frozen && !d.ConfirmedAt.IsZero() }

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
