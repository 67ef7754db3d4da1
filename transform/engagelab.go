package transform

import (
	"fmt"

	"smsetl/sms"
)

// The key fields of every EngageLab row, by their place in a layout.
const (
	fieldDay = iota
	fieldAccount
	fieldTemplate
	fieldLabel
	fieldMessageType
	firstCount // where the counts of the dataset start
)

// The counts of stats_day, by their place in a layout.
const (
	fieldTargets = firstCount + iota
	fieldSent
	fieldProcessFailed
	fieldDelivered
	fieldSendFailed
	fieldWaitResult
	fieldBillingCount
	firstShare // where the percentages start
)

// layout is what the rows of one EngageLab dataset hold: field names, in the order of the vendor's page. Sources:
// https://www.engagelab.com/docs/SMS/REST-API/Sending-Data and its Japanese page.
type layout struct {
	fields  []string
	index   map[string]int
	counts  int           // how many fields are counts; they follow the keys
	reasons []*sms.Reason // of each count; nil for stats_day
}

// maxFields is the number of fields of the widest layout.
const maxFields = 16

func newLayout(reasons []sms.Reason, counts []string, shares ...string) *layout {
	l := &layout{fields: []string{"send_date", "sms_user", "template_id", "label_id", "msg_type"}, counts: len(counts)}
	l.fields = append(append(l.fields, counts...), shares...)
	l.index = make(map[string]int, len(l.fields))
	for i, name := range l.fields {
		l.index[name] = i
	}
	for i := range reasons {
		l.reasons = append(l.reasons, &reasons[i])
	}
	return l
}

var engageLabLayouts = map[sms.Dataset]*layout{
	sms.StatsDay: newLayout(nil,
		[]string{"targets", "sent", "process_failed", "delivered", "send_failed", "wait_result", "billing_count"},
		"process_failed_percent", "delivered_percent", "send_failed_percent", "wait_result_percent"),
	sms.ProcessFailed: newLayout(processFailedReasons, codes(processFailedReasons)),
	sms.SendFailed:    newLayout(sendFailedReasons, codes(sendFailedReasons)),
}

// measures says what a row of stats_day counts in our words. `sent` is ambiguous on the vendor's pages (queued, or
// handed on?): it is kept as it is and nothing is derived from it.
func (e *engageLab) measures(g *sms.Grain) sms.Measures {
	m := sms.Measures{
		Requested:        e.counts[fieldTargets],
		ProcessingFailed: e.counts[fieldProcessFailed],
		Delivered:        e.counts[fieldDelivered],
		SendFailed:       e.counts[fieldSendFailed],
		Pending:          e.counts[fieldWaitResult],
		BilledSegments:   e.counts[fieldBillingCount],
		VendorSent:       e.counts[fieldSent],
	}
	m.Accepted = m.Requested.Minus(m.ProcessingFailed)
	if m.Accepted.Or(0) < 0 {
		e.notes.add(negAccepted, "accepted", g.Day, func() string {
			return fmt.Sprintf("process_failed %s is more than targets %s on %s: accepted is stored as not reported",
				m.ProcessingFailed, m.Requested, g.Day)
		})
		m.Accepted = sms.Count{} // a negative number of messages is no fact
	}
	return m
}

// checkSent looks whether `sent` fits one of the two readings of the vendor's page: everything that was handed on, or
// only what is still queued.
func (e *engageLab) checkSent(g *sms.Grain, m *sms.Measures) {
	results := m.Delivered.Plus(m.SendFailed).Plus(m.Pending)
	all := results.Plus(m.ProcessingFailed)
	if !all.IsReported() || !m.Requested.IsReported() || !m.VendorSent.IsReported() {
		return
	}
	handedOn := m.VendorSent == results && m.Requested == all
	queued := m.Requested == all.Plus(m.VendorSent)
	if handedOn || queued {
		return
	}
	e.notes.add(sentIdentity, "sent", g.Day, func() string {
		return fmt.Sprintf("on %s sent is %s, while targets %s, process_failed %s, delivered %s, send_failed %s and wait_result %s fit neither of its two readings",
			g.Day, m.VendorSent, m.Requested, m.ProcessingFailed, m.Delivered, m.SendFailed, m.Pending)
	})
}
