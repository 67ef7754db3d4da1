package engagelab

import (
	"fmt"
	"slices"

	"smsetl/sms"
	"smsetl/transform"
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

// maxFields is the number of fields of the widest layout.
const maxFields = 16

// measureFields lists the fields that each measure is made of: the first less the others. `sent` is ambiguous on the
// vendor's pages (queued, or handed on?): it is kept as it is and nothing is derived from it.
var measureFields = map[string][]transform.Field{
	"requested":         transform.FieldsOf(sms.StatsDay, "targets"),
	"accepted":          transform.FieldsOf(sms.StatsDay, "targets", "process_failed"),
	"processing_failed": transform.FieldsOf(sms.StatsDay, "process_failed"),
	"delivered":         transform.FieldsOf(sms.StatsDay, "delivered"),
	"send_failed":       transform.FieldsOf(sms.StatsDay, "send_failed"),
	"pending":           transform.FieldsOf(sms.StatsDay, "wait_result"),
	"billed_segments":   transform.FieldsOf(sms.StatsDay, "billing_count"),
	"vendor_sent":       transform.FieldsOf(sms.StatsDay, "sent"),
}

// reasonFields: a reason is counted under its own code.
func reasonFields(r *sms.Reason) []transform.Field {
	if r.Stage == sms.Processing {
		return transform.FieldsOf(sms.ProcessFailed, r.Code)
	}
	return transform.FieldsOf(sms.SendFailed, r.Code)
}

// layout describes the rows of one EngageLab dataset. Sources:
// https://www.engagelab.com/docs/SMS/REST-API/Sending-Data and its Japanese page.
type layout struct {
	fields   []string // keys, counts and percentages, in the order of the vendor's page
	index    map[string]int
	counts   int                          // how many fields are counts
	shares   []int                        // which count each percentage is a share of
	measures [len(sms.MeasureNames)][]int // which counts each measure of stats_day is made of: the first less the others
	reasons  []*sms.Reason                // of each count; nil for stats_day
}

// layouts lists the counts of each dataset in the order of the vendor's page.
var layouts = map[sms.Dataset]*layout{
	sms.StatsDay: newLayout(nil,
		[]string{"targets", "sent", "process_failed", "delivered", "send_failed", "wait_result", "billing_count"},
		"process_failed", "delivered", "send_failed", "wait_result"),
	sms.ProcessFailed: newLayout(processFailedReasons, codes(processFailedReasons)),
	sms.SendFailed:    newLayout(sendFailedReasons, codes(sendFailedReasons)),
}

// newLayout makes a layout. shares are the counts that have a percentage too.
func newLayout(reasons []sms.Reason, counts []string, shares ...string) *layout {
	l := &layout{index: make(map[string]int), counts: len(counts)}
	l.fields = append([]string{"send_date", "sms_user", "template_id", "label_id", "msg_type"}, counts...)
	for _, name := range shares {
		l.fields = append(l.fields, name+"_percent")
		l.shares = append(l.shares, firstCount+slices.Index(counts, name))
	}
	for i, name := range l.fields {
		l.index[name] = i
	}
	for i, measure := range sms.MeasureNames {
		for _, f := range measureFields[measure] {
			l.measures[i] = append(l.measures[i], l.index[f.Name])
		}
	}
	for i := range reasons {
		l.reasons = append(l.reasons, &reasons[i])
	}
	return l
}

// place gives the place of a field; -1 for one that the layout does not know.
func (l *layout) place(name []byte) int {
	if i, known := l.index[string(name)]; known {
		return i
	}
	return -1
}

// measures makes the measures of a row of stats_day.
func (a *answer) measures() (m sms.Measures) {
	for i, to := range m.Pointers() {
		places := a.row.layout.measures[i]
		*to = a.counts[places[0]]
		for _, other := range places[1:] {
			*to = to.Minus(a.counts[other])
		}
	}
	if m.Accepted.Or(0) < 0 {
		a.Note(transform.Negative("accepted"), "accepted", a.day, func() string {
			return fmt.Sprintf("process_failed %s is more than targets %s on %s: accepted is stored as not reported",
				m.ProcessingFailed, m.Requested, a.day)
		})
		m.Accepted = sms.Count{} // a negative number of messages is no fact
	}
	return m
}

// checkSent compares `sent` with the two readings of the vendor's page: everything that was handed on, or only what is
// still queued.
func (a *answer) checkSent(m *sms.Measures) {
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
	a.Note(sentIdentity, "sent", a.day, func() string {
		return fmt.Sprintf("on %s sent is %s, while targets %s, process_failed %s, delivered %s, send_failed %s "+
			"and wait_result %s fit neither of its two readings",
			a.day, m.VendorSent, m.Requested, m.ProcessingFailed, m.Delivered, m.SendFailed, m.Pending)
	})
}

// processFailedReasons are the counts of GET /v1/stats/process_failed: why EngageLab did not hand a message on. The
// categories follow the bounce codes 410-460 of the product it descends from (github.com/sendcloud2013/sendcloud_docs,
// sources/sms/index.md). global_block is suppression after failures of other customers' messages to the same number.
var processFailedReasons = []sms.Reason{
	{Code: "global_block", Stage: sms.Processing, Category: sms.BlockedOptOut},
	{Code: "partial_block", Stage: sms.Processing, Category: sms.BlockedOptOut},
	{Code: "unsubscribe", Stage: sms.Processing, Category: sms.BlockedOptOut},
	{Code: "keyword_block", Stage: sms.Processing, Category: sms.ContentTemplate},
	{Code: "variable_error", Stage: sms.Processing, Category: sms.ContentTemplate},
	{Code: "content_error", Stage: sms.Processing, Category: sms.ContentTemplate},
	{Code: "frequency_overrun", Stage: sms.Processing, Category: sms.RateLimited},
	{Code: "other", Stage: sms.Processing, Category: sms.Other},
}

// sendFailedReasons are the counts of GET /v1/stats/send_failed: what the carrier answered. out_of_service is a number
// suspended for arrears, not_in_service one out of coverage; interception is the template's content (code 550).
var sendFailedReasons = []sms.Reason{
	{Code: "empty", Stage: sms.Sending, Category: sms.InvalidNumber},
	{Code: "out_of_service", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "blacklist", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "busy", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "no_answer", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "interception", Stage: sms.Sending, Category: sms.ContentTemplate},
	{Code: "break_down", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "not_in_service", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "power_off", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "other", Stage: sms.Sending, Category: sms.Other},
}

var reasons = slices.Concat(processFailedReasons, sendFailedReasons)

func codes(reasons []sms.Reason) (names []string) {
	for _, r := range reasons {
		names = append(names, r.Code)
	}
	return names
}
