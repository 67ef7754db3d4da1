package huawei

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"smsetl/sms"
	"smsetl/transform"
)

// Totals gives what a stored form of a statistics page says about each day, oldest first. Rows of hours, countries,
// applications or templates are added up. zone is the one that the days of the page are of. The page does not say which filters were
// set, counts in UTC with an error of about 100 (https://support.huaweicloud.com/intl/en-us/usermanual-msgsms/sms_03_0009.html), and
// knows neither pieces nor reasons.
func Totals(p *sms.Payload) (totals []sms.Total, zone sms.Zone, reading transform.Reading, err error) {
	h := &reader{payload: p, keys: make(map[string]sms.Key)}
	days := make(map[sms.Day]*sms.Total)
	err = h.read(map[string]func() error{kindStatistics: func() error {
		h.total(days)
		return nil
	}})
	if err != nil {
		return nil, h.zone, h.Reading, fmt.Errorf("transform: totals of %s: %w", p.Body.Hash.Short(), err)
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		totals = append(totals, *days[day])
	}
	return totals, h.zone, h.Reading, nil
}

// total adds a row of a statistics page.
func (h *reader) total(days map[sms.Day]*sms.Total) {
	place := func(name string) []byte {
		if i, ok := h.at[name]; ok {
			return h.cells[i]
		}
		return nil
	}
	day, ok := h.dayOf(place("day"))
	if !ok {
		h.rejectf(transform.RejectedRow, "day", "day %q is no day: want one such as 2026-01-31", transform.Cut(place("day"), 40))
		return
	}
	row := sms.Total{Day: day}
	var terminal, failed sms.Count
	for _, c := range [...]struct {
		name string
		to   *sms.Count
	}{
		{"submitted", &row.Requested}, {"refused", &row.ProcessingFailed}, {"delivered", &row.Delivered},
		{"failed", &failed}, {"terminal_errors", &terminal}, {"sending", &row.Pending},
	} {
		cell := bytes.ReplaceAll(place(c.name), []byte(","), nil) // thousands
		if len(cell) == 0 {
			continue
		}
		n, why := transform.Whole(cell)
		if why != "" {
			h.rejectf(transform.RejectedRow, c.name, "%s is %q: %s", c.name, transform.Cut(cell, 40), why)
			return
		}
		*c.to = sms.Reported(n)
	}
	row.SendFailed = failed
	if failed.IsReported() && terminal.IsReported() {
		row.SendFailed = failed.Plus(terminal)
	}
	sum := days[day]
	if sum == nil {
		days[day] = &row
		return
	}
	sum.Requested = sum.Requested.Plus(row.Requested)
	sum.ProcessingFailed = sum.ProcessingFailed.Plus(row.ProcessingFailed)
	sum.Delivered = sum.Delivered.Plus(row.Delivered)
	sum.SendFailed = sum.SendFailed.Plus(row.SendFailed)
	sum.Pending = sum.Pending.Plus(row.Pending)
}

// dayOf reads a day, or the day of an hour.
func (h *reader) dayOf(cell []byte) (sms.Day, bool) {
	if t, ok := h.sent.parse(cell, sms.Zone{}); ok { // as it is written: the zone of the page is its own
		return sms.DayOf(t), true
	}
	t, ok := h.reportAt.parse(append(bytes.Clone(cell), " 00:00"...), sms.Zone{})
	if !ok && len(cell) == 8 {
		t, ok = h.reportAt.parse(append(bytes.Clone(cell), "0000"...), sms.Zone{})
	}
	return sms.DayOf(t), ok
}

// Slack is by how many messages a statistics page may differ from the messages of a day before it is a finding.
const Slack = 100

// Difference is a measure of a day in which a statistics page and the messages of the day differ by more than Slack.
type Difference struct {
	Day     sms.Day // in the zone of the page
	Measure string
	Page    sms.Count
	Ours    sms.Count
}

// String gives the difference in words.
func (d Difference) String() string {
	return fmt.Sprintf("the statistics page says %s %s on %s, the sending details %s", d.Measure, d.Page, d.Day, d.Ours)
}

// CompareTotals compares the totals of a statistics page with the deliveries of the same days, counted in the zone of the page,
// and gives each measure of a day that differs by more than Slack messages. A day without a delivery is compared too: its
// messages are missing. Measures that a side does not report are left out.
func CompareTotals(totals []sms.Total, deliveries []sms.Delivery) []Difference {
	days := make(map[sms.Day]*sms.Measures)
	for _, d := range deliveries {
		sum := days[d.Day]
		if sum == nil {
			first := d.Measures
			days[d.Day] = &first
			continue
		}
		sum.Requested = sum.Requested.Plus(d.Requested)
		sum.ProcessingFailed = sum.ProcessingFailed.Plus(d.ProcessingFailed)
		sum.Delivered = sum.Delivered.Plus(d.Delivered)
		sum.SendFailed = sum.SendFailed.Plus(d.SendFailed)
		sum.Pending = sum.Pending.Plus(d.Pending)
	}
	none := sms.Reported(0)
	var found []Difference
	for _, t := range totals {
		have := days[t.Day]
		if have == nil {
			have = &sms.Measures{Requested: none, ProcessingFailed: none, Delivered: none, SendFailed: none, Pending: none}
		}
		failed := have.SendFailed
		if !t.ProcessingFailed.IsReported() {
			failed = failed.Plus(have.ProcessingFailed) // the mainland page has one word for both
		}
		for _, c := range [...]Difference{
			{t.Day, "requested", t.Requested, have.Requested},
			{t.Day, "processing_failed", t.ProcessingFailed, have.ProcessingFailed},
			{t.Day, "delivered", t.Delivered, have.Delivered},
			{t.Day, "send_failed", t.SendFailed, failed},
			{t.Day, "pending", t.Pending, have.Pending},
		} {
			if n := c.Page.Minus(c.Ours).Or(0); n > Slack || n < -Slack {
				found = append(found, c)
			}
		}
	}
	return found
}
