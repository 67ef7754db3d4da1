package plan

import "smsetl/sms"

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

// status gives what the ledger holds of the day, or a missing day.
func (book ledger) status(a sms.Account, dataset sms.Dataset, d sms.Day) sms.DayStatus {
	if st, ok := book[keyOf(a, dataset, d)]; ok {
		return st
	}
	return sms.DayStatus{Account: a, Dataset: dataset, Day: d, State: sms.Missing}
}
