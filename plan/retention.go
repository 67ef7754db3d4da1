package plan

import (
	"fmt"
	"slices"
	"time"

	"smsetl/sms"
)

// DaysLeft gives on how many more days, today among them, the day can be asked for; 0 is never again. limited is false when
// the vendor is not known to forget (RetentionDays 0).
func (s Source) DaysLeft(d sms.Day, now time.Time) (left int, limited bool) {
	if s.RetentionDays == 0 {
		return 0, false
	}
	return max(0, int(s.keptUntil(d)-s.Zone.Today(now))+1), true
}

// keptUntil gives the last day on which the vendor still answers for d.
func (s Source) keptUntil(d sms.Day) sms.Day { return d + sms.Day(s.RetentionDays) }

// NextAction gives what brings a day of the source on. A quarantined day that the vendor keeps no longer waits for a person.
func (s Source) NextAction(d sms.DayStatus, now time.Time) sms.Action {
	left, limited := s.DaysLeft(d.Day, now)
	if d.State == sms.Quarantined && limited && left == 0 {
		return sms.DoRelease
	}
	return d.State.NextAction()
}

// aged gives a line of the ledger as it is now, because time alone changes what can become of a day: one that the vendor
// keeps no longer is lost when it was never loaded and settled when it was, and a lost one that the vendor keeps after all
// is missing.
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
	d.State, d.Since = next.State, s.Zone.Start(s.keptUntil(d.Day)+1)
	if d.State == sms.Lost {
		d.Reason = lostReason(s.RetentionDays, d.Reason)
	}
	if d.State == sms.Missing {
		d.Reason, d.LoadID, d.Since = "", 0, s.Zone.Start(d.Day+1)
	}
	return d
}

// lostReason says why a day is lost; etl.expected_day says the same.
func lostReason(retentionDays int, before string) string {
	reason := fmt.Sprintf("not loaded within the %d days that the vendor keeps", retentionDays)
	if before != "" {
		reason += ": " + before
	}
	return reason
}

// Expired gives the expected days whose line in the ledger is not what time has made of it: lost, missing again, settled.
func Expired(s Source, coverage []sms.DayStatus, now time.Time) []sms.DayStatus {
	written := newLedger(coverage)
	return slices.DeleteFunc(Expected(s, coverage, now), func(d sms.DayStatus) bool {
		return d.State == sms.NotDue || d.State == written.status(d.Account, d.Dataset, d.Day).State
	})
}
