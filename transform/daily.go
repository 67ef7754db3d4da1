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
	deliveries map[dailyKey]*dailyCounts
	failures   map[failureKey]int64
}

type dailyKey struct {
	account sms.Account
	sms.Grain
}

type dailyCounts struct {
	sms.Measures
	times sms.DeliveryTimes
}

type failureKey struct {
	dailyKey
	sms.Reason
}

// Add counts a message that Known.Settle gave.
func (d *Daily) Add(m *sms.Message) {
	if d.deliveries == nil {
		d.deliveries, d.failures = make(map[dailyKey]*dailyCounts), make(map[failureKey]int64)
	}
	key := dailyKey{m.Account, m.Grain}
	c := d.deliveries[key]
	if c == nil {
		zero := sms.Reported(0)
		c = &dailyCounts{Measures: sms.Measures{
			Requested: zero, Accepted: zero, ProcessingFailed: zero, Delivered: zero, SendFailed: zero, Pending: zero, BilledSegments: zero,
		}}
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
		c.times.Add(m.SentAt, m.ReportedAt)
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

// AddFacts adds the rows of an application, sorted by their keys.
func (d *Daily) AddFacts(account sms.Account, to *sms.Rows) {
	var deliveries []dailyKey
	for key := range d.deliveries {
		if key.account == account {
			deliveries = append(deliveries, key)
		}
	}
	slices.SortFunc(deliveries, func(a, b dailyKey) int { return CompareGrains(&a.Grain, &b.Grain) })
	for i := range deliveries {
		to.AddDelivery(&deliveries[i].Grain, &d.deliveries[deliveries[i]].Measures)
	}
	d.addTimes(deliveries, to)
	var failures []failureKey
	for key := range d.failures {
		if key.account == account {
			failures = append(failures, key)
		}
	}
	slices.SortFunc(failures, func(a, b failureKey) int {
		return cmp.Or(CompareGrains(&a.Grain, &b.Grain), cmp.Compare(a.Stage, b.Stage), strings.Compare(a.Code, b.Code))
	})
	reasons := make(map[sms.Reason]*sms.Reason)
	for i := range failures {
		key := &failures[i]
		if reasons[key.Reason] == nil {
			reasons[key.Reason] = &key.Reason
		}
		to.AddFailure(&key.Grain, reasons[key.Reason], sms.Reported(d.failures[*key]))
	}
}

// addTimes adds what deliveries took by day, template and country. Where nothing was delivered there is no row.
func (d *Daily) addTimes(deliveries []dailyKey, to *sms.Rows) {
	times := make(map[sms.Grain]*sms.DeliveryTimes)
	var grains []sms.Grain
	for i := range deliveries {
		c := d.deliveries[deliveries[i]]
		if c.Delivered.Or(0) == 0 {
			continue
		}
		g := deliveries[i].Grain
		g.Label, g.MessageType = sms.None, sms.None
		if times[g] == nil {
			times[g] = new(sms.DeliveryTimes)
			grains = append(grains, g)
		}
		times[g].Merge(&c.times)
	}
	for i := range grains {
		to.AddTimes(&grains[i], times[grains[i]])
	}
}

// CompareGrains orders what facts are about, by day first.
func CompareGrains(a, b *sms.Grain) int {
	return cmp.Or(cmp.Compare(a.Day, b.Day), compareKeys(a.Template, b.Template), compareKeys(a.Label, b.Label),
		compareKeys(a.MessageType, b.MessageType), compareKeys(a.Country, b.Country))
}
