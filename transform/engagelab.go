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

// shareOf says which count each percentage of stats_day is a share of targets of, in the order of the layout.
var shareOf = [...]int{fieldProcessFailed, fieldDelivered, fieldSendFailed, fieldWaitResult}

// checkShares compares the vendor's percentages with its counts. Its pages state neither the unit (0-100 or 0-1) nor
// whether results are shares of targets or of what was handed on, so whatever fits will do.
func (e *engageLab) checkShares(g *sms.Grain, m *sms.Measures) {
	targets, accepted := m.Requested.Or(0), m.Accepted.Or(0)
	if targets == 0 {
		return
	}
	for i, of := range shareOf {
		value := e.row.values[firstShare+i]
		n, ok := e.counts[of].Value()
		if !ok || value == nil || isNull(value) {
			continue
		}
		p, step, ok := share(value)
		if ok && (isShare(p, step, n, targets) || accepted > 0 && isShare(p, step, n, accepted)) {
			continue
		}
		field := e.layout.fields[firstShare+i]
		e.notes.add(percent, field, g.Day, func() string {
			return fmt.Sprintf("%s is %s on %s, while %d of %d messages is %.2f %%",
				field, excerpt(value), g.Day, n, targets, 100*float64(n)/float64(targets))
		})
	}
}

// isShare says whether p is part/whole, in percent or as a fraction, up to one unit of its last digit.
func isShare(p, step float64, part, whole int64) bool {
	ratio := float64(part) / float64(whole)
	const slack = 1e-9
	off, offPercent := p-ratio, p-100*ratio
	return max(off, -off) <= min(step, 0.01)+slack || max(offPercent, -offPercent) <= step+slack
}
