package transform

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"smsetl/sms"
)

// Daily counts settled messages into the facts of their days. The zero Daily has counted nothing.
type Daily struct {
	deliveries map[dailyKey]*sms.Measures
	failures   map[failureKey]int64
}

type dailyKey struct {
	account sms.Account
	sms.Grain
}

type failureKey struct {
	dailyKey
	sms.Reason
}

// Add counts a message that Known.Settle gave.
func (d *Daily) Add(m *sms.Message) {
	if d.deliveries == nil {
		d.deliveries, d.failures = make(map[dailyKey]*sms.Measures), make(map[failureKey]int64)
	}
	key := dailyKey{m.Account, m.Grain}
	c := d.deliveries[key]
	if c == nil {
		zero := sms.Reported(0)
		c = &sms.Measures{
			Requested: zero, Accepted: zero, ProcessingFailed: zero, Delivered: zero, SendFailed: zero, Pending: zero, BilledSegments: zero,
		}
		d.deliveries[key] = c
	}
	one := sms.Reported(1)
	c.Requested = c.Requested.Plus(one)
	if m.Outcome == sms.OutcomeProcessingFailed {
		c.ProcessingFailed = c.ProcessingFailed.Plus(one)
	} else {
		c.Accepted = c.Accepted.Plus(one)
	}
	switch m.Outcome {
	case sms.OutcomeDelivered:
		c.Delivered = c.Delivered.Plus(one)
	case sms.OutcomeSendFailed:
		c.SendFailed = c.SendFailed.Plus(one)
	case sms.OutcomePending:
		c.Pending = c.Pending.Plus(one)
	case sms.OutcomeProcessingFailed: // counted above
	}
	c.BilledSegments = c.BilledSegments.Plus(m.Charged) // not reported as soon as one message's is not
	if m.Reason != nil {
		d.failures[failureKey{key, *m.Reason}]++
	}
}

// Accounts lists the applications that have messages, by their ids.
func (d *Daily) Accounts() []sms.Account {
	seen := make(map[sms.Account]bool)
	for key := range d.deliveries {
		seen[key.account] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b sms.Account) int { return strings.Compare(a.ID, b.ID) })
}

// Facts gives the rows of an application, sorted by their keys.
func (d *Daily) Facts(account sms.Account) (deliveries []sms.Delivery, failures []sms.Failure) {
	for key, m := range d.deliveries {
		if key.account == account {
			deliveries = append(deliveries, sms.Delivery{Grain: key.Grain, Measures: *m})
		}
	}
	reasons := make(map[sms.Reason]*sms.Reason)
	for key, n := range d.failures {
		if key.account == account {
			if reasons[key.Reason] == nil {
				reason := key.Reason
				reasons[reason] = &reason
			}
			failures = append(failures, sms.Failure{Grain: key.Grain, Reason: reasons[key.Reason], Messages: sms.Reported(n)})
		}
	}
	slices.SortFunc(deliveries, func(a, b sms.Delivery) int { return CompareGrains(&a.Grain, &b.Grain) })
	slices.SortFunc(failures, func(a, b sms.Failure) int {
		return cmp.Or(CompareGrains(&a.Grain, &b.Grain), strings.Compare(string(a.Reason.Stage), string(b.Reason.Stage)),
			strings.Compare(a.Reason.Code, b.Reason.Code))
	})
	return deliveries, failures
}

// CompareGrains orders what facts are about, by day first.
func CompareGrains(a, b *sms.Grain) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), compareKeys(a.Template, b.Template), compareKeys(a.Label, b.Label),
		compareKeys(a.MessageType, b.MessageType), compareKeys(a.Country, b.Country))
}
