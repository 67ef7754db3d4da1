package sms

import (
	"slices"
	"time"
)

// deliveryEdges are the upper edges of the buckets of a DeliveryTimes, in seconds, each inside its bucket. They are the same for every day,
// so that days add up; sms.delivery_time_edges() is the same list. The vendor reports for three days, the last of them.
var deliveryEdges = [...]int64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21600, 86400, 259200}

// DeliveryTime is the name that MetricSupport has for DeliveryTimes.
const DeliveryTime = "delivery_time"

// DeliveryTimes are delivered messages by the time from their sending to their report. The zero DeliveryTimes are none.
type DeliveryTimes struct {
	Counts  [len(deliveryEdges) + 1]int64 // by bucket; the last one has no upper edge
	Early   int64                         // reported before they were sent: a clock is wrong, or the zone of one of the times
	Untimed int64                         // nobody says when they were delivered
}

// DeliveryTimesRow are the DeliveryTimes of a day, template and country, of any label and message type.
type DeliveryTimesRow struct {
	Day     Day
	Subject int32
	DeliveryTimes
}

// Add counts a delivered message; reported is zero where nobody says when it was delivered.
func (t *DeliveryTimes) Add(sent, reported time.Time) {
	took := reported.Sub(sent)
	switch {
	case reported.IsZero():
		t.Untimed++
	case took < 0:
		t.Early++
	default:
		seconds := int64((took + time.Second - 1) / time.Second)
		at, _ := slices.BinarySearch(deliveryEdges[:], seconds)
		t.Counts[at]++
	}
}

// Merge adds other messages.
func (t *DeliveryTimes) Merge(o *DeliveryTimes) {
	for i, n := range o.Counts {
		t.Counts[i] += n
	}
	t.Early, t.Untimed = t.Early+o.Early, t.Untimed+o.Untimed
}

// AddTimes appends delivery times of the day, template and country of a grain.
func (r *Rows) AddTimes(g *Grain, t *DeliveryTimes) {
	of := Grain{Template: g.Template, Country: g.Country}
	r.Times = append(r.Times, DeliveryTimesRow{g.Day, r.subject(&of), *t})
}
