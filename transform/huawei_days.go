package transform

import (
	"time"

	"smsetl/sms"
)

// Days counts what the warehouse keeps of messages into the facts of their days: Known and Daily over tellings that come one
// message after the other, so that memory grows with the facts and not with the messages. The zero Days has counted nothing.
type Days struct {
	// Listened are the stretches of time in which pushed reports were listened for. A message whose first 72 hours lie in one of
	// them is EXPIRED when nothing was reported; of others only an export of after that time can say so.
	Listened []sms.Span

	id      string
	known   Known
	daily   Daily
	reasons map[sms.Reason]*sms.Reason
}

// Tell takes one telling. All of one message stand together. Its reason is looked up anew, so that what is kept means what today's
// table says.
func (d *Days) Tell(m *sms.Message) {
	if m.ID != d.id {
		d.end()
		d.id, d.known = m.ID, Known{}
	}
	told := d.today(m)
	d.known.Tell(&told)
}

// today gives a telling that is kept as today's table understands it.
func (d *Days) today(m *sms.Message) sms.Message {
	told := *m
	told.Reason = nil
	if m.Outcome == sms.OutcomeSendFailed || m.Outcome == sms.OutcomeProcessingFailed {
		code := m.Code
		if code == "" {
			code = noCode
		}
		told.Reason = d.shared(huaweiReason(code, m.Source))
		told.Outcome = sms.OutcomeSendFailed
		if told.Reason.Stage == sms.Processing {
			told.Outcome = sms.OutcomeProcessingFailed
		}
	}
	return told
}

// shared gives one pointer for equal reasons.
func (d *Days) shared(r sms.Reason) *sms.Reason {
	if d.reasons == nil {
		d.reasons = make(map[sms.Reason]*sms.Reason)
	}
	if d.reasons[r] == nil {
		d.reasons[r] = &r
	}
	return d.reasons[r]
}

func (d *Days) end() {
	if m, ok := d.known.Settle(d.knownUntil(&d.known)); ok {
		d.daily.Add(&m)
	}
}

// knownUntil gives the moment up to which a report of a message would be known; zero for that of its newest export.
func (d *Days) knownUntil(k *Known) time.Time {
	sent := k.about.sentAt
	end := sent.Add(PendingFor)
	for _, s := range d.Listened {
		if !s.From.After(sent) && !s.To.Before(end) {
			return end
		}
	}
	return time.Time{}
}

// Facts gives the rows of an application, sorted by their keys, and ends the counting.
func (d *Days) Facts(account sms.Account) (deliveries []sms.Delivery, failures []sms.Failure) {
	d.end()
	d.known = Known{}
	deliveries, failures = d.daily.Facts(account)
	for i := range failures {
		failures[i].Reason = d.shared(*failures[i].Reason)
	}
	return deliveries, failures
}
