package sms

import "math"

// Rows are the facts of a batch. A window holds hundreds of thousands of them, so no row has a pointer in it: what rows are
// about is listed once and named by its number, and the collector has nothing to look at. The zero Rows are none.
type Rows struct {
	Deliveries []DeliveryRow
	Failures   []FailureRow
	Times      []DeliveryTimesRow // of vendors whose days are counted from messages
	Subjects   []Subject
	Reasons    []*Reason

	wide    []Measures // of rows that do not fit into a DeliveryRow
	numbers map[Subject]int32
	reasons map[*Reason]int32
	last    int32   // the subject of the row before
	next    []int32 // which subject followed each one the last time: days repeat each other
}

// Subject is what a row is about, but for its day.
type Subject struct{ Template, Label, MessageType, Country Key }

// DeliveryRow is a Delivery whose subject stands in Rows.Subjects. Its numbers are read by Rows.Measures.
type DeliveryRow struct {
	Day     Day
	Subject int32
	counts  [measureCount]narrow
}

// narrow is a Count in half its size: 0 for what is not reported, else the number with its sign bit flipped.
type narrow uint32

const (
	signBit      = 1 << 31
	isWide       = narrow(1) // in the first place of a row: the second one is a place in Rows.wide
	leastNarrow  = math.MinInt32 + 2
	mostOfNarrow = math.MaxInt32
)

func (r *Rows) pack(m *Measures) (row [measureCount]narrow) {
	for i, c := range m.Counts() {
		n, isReported := c.Value()
		switch {
		case !isReported:
		case n < leastNarrow || n > mostOfNarrow:
			r.wide = append(r.wide, *m)
			return [measureCount]narrow{isWide, narrow(len(r.wide) - 1)}
		default:
			row[i] = narrow(uint32(int32(n)) ^ signBit)
		}
	}
	return row
}

// Measures gives the numbers of a delivery.
func (r *Rows) Measures(d *DeliveryRow) (m Measures) {
	if d.counts[0] == isWide {
		return r.wide[d.counts[1]]
	}
	for i, to := range m.Pointers() {
		if c := d.counts[i]; c != 0 {
			*to = Reported(int64(int32(uint32(c) ^ signBit)))
		}
	}
	return m
}

// SetMeasures changes the numbers of a delivery.
func (r *Rows) SetMeasures(d *DeliveryRow, m *Measures) { d.counts = r.pack(m) }

// FailureRow is a Failure whose subject and reason stand in Rows.Subjects and Rows.Reasons. Reason is NoReason for none.
type FailureRow struct {
	Day             Day
	Subject, Reason int32
	Messages        Count
}

// NoReason stands where a failure has no reason, which no vendor's answer may give.
const NoReason = -1

// AddDelivery appends a delivery.
func (r *Rows) AddDelivery(g *Grain, m *Measures) {
	r.Deliveries = append(r.Deliveries, DeliveryRow{g.Day, r.subject(g), r.pack(m)})
}

// AddFailure appends a failure. Reasons are told apart by their addresses.
func (r *Rows) AddFailure(g *Grain, reason *Reason, messages Count) {
	r.Failures = append(r.Failures, FailureRow{g.Day, r.subject(g), r.reason(reason), messages})
}

// Delivery gives a delivery with its grain.
func (r *Rows) Delivery(i int) Delivery {
	row := &r.Deliveries[i]
	return Delivery{r.Subjects[row.Subject].On(row.Day), r.Measures(row)}
}

// Failure gives a failure with its grain and reason.
func (r *Rows) Failure(i int) Failure {
	row := &r.Failures[i]
	f := Failure{Grain: r.Subjects[row.Subject].On(row.Day), Messages: row.Messages}
	if row.Reason != NoReason {
		f.Reason = r.Reasons[row.Reason]
	}
	return f
}

// AllDeliveries gives every delivery with its grain.
func (r *Rows) AllDeliveries() []Delivery {
	all := make([]Delivery, len(r.Deliveries))
	for i := range all {
		all[i] = r.Delivery(i)
	}
	return all
}

// AllFailures gives every failure with its grain and reason.
func (r *Rows) AllFailures() []Failure {
	all := make([]Failure, len(r.Failures))
	for i := range all {
		all[i] = r.Failure(i)
	}
	return all
}

// Stage gives the stage of the reason of a failure, and nothing where it has none.
func (r *Rows) Stage(f *FailureRow) Stage {
	if f.Reason == NoReason {
		return ""
	}
	return r.Reasons[f.Reason].Stage
}

// On gives the grain of a row of the day.
func (s Subject) On(day Day) Grain {
	return Grain{Day: day, Template: s.Template, Label: s.Label, MessageType: s.MessageType, Country: s.Country}
}

// Only gives the rows of some days. Subjects and reasons are shared: nothing may be added to the result.
func (r *Rows) Only(is func(Day) bool) Rows {
	only := Rows{Subjects: r.Subjects, Reasons: r.Reasons, wide: r.wide}
	for i := range r.Deliveries {
		if is(r.Deliveries[i].Day) {
			only.Deliveries = append(only.Deliveries, r.Deliveries[i])
		}
	}
	for i := range r.Failures {
		if is(r.Failures[i].Day) {
			only.Failures = append(only.Failures, r.Failures[i])
		}
	}
	for i := range r.Times {
		if is(r.Times[i].Day) {
			only.Times = append(only.Times, r.Times[i])
		}
	}
	return only
}

func (r *Rows) subject(g *Grain) int32 {
	s := Subject{g.Template, g.Label, g.MessageType, g.Country}
	if len(r.Subjects) > 0 {
		if guess := r.next[r.last]; r.Subjects[guess] == s {
			r.last = guess
			return guess
		}
	}
	at, known := r.numbers[s]
	if !known {
		if r.numbers == nil {
			r.numbers = map[Subject]int32{}
		}
		at = int32(len(r.Subjects))
		r.numbers[s] = at
		r.Subjects, r.next = append(r.Subjects, s), append(r.next, at)
	}
	r.next[r.last], r.last = at, at
	return at
}

func (r *Rows) reason(reason *Reason) int32 {
	if reason == nil {
		return NoReason
	}
	at, known := r.reasons[reason]
	if !known {
		if r.reasons == nil {
			r.reasons = map[*Reason]int32{}
		}
		at = int32(len(r.Reasons))
		r.reasons[reason] = at
		r.Reasons = append(r.Reasons, reason)
	}
	return at
}
