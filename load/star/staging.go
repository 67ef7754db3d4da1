package star

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Part is a kind of fact rows that a load replaces as a whole: each has its own lines in the ledger.
type Part int

// The parts, and how many there are.
const (
	Delivery Part = iota
	Processing
	Sending
	Parts
)

// Whoever freezes a day waits for the loads of every part, and knows their number only: neither of these may be below 0.
const (
	_ = uint(Parts - db.FactParts)
	_ = uint(db.FactParts - Parts)
)

// PartOf gives the part that a stage's failures belong to.
func PartOf(stage sms.Stage) (Part, bool) {
	switch stage {
	case sms.Processing:
		return Processing, true
	case sms.Sending:
		return Sending, true
	default:
		return 0, false
	}
}

// PerDay gives a slice for each part, with an entry for each day of the window.
func PerDay[T any](w sms.Window) (all [Parts][]T) {
	for part := range all {
		all[part] = make([]T, w.Len())
	}
	return all
}

// Vendor is a vendor as the schema knows it.
type Vendor struct {
	Key int32
	// IsImported says that the vendor is not asked: its days are counted from everything known of their messages.
	IsImported bool
	// Reports has a bit for each delivery measure that the vendor normally gives, in the order of sms.MeasureNames.
	Reports uint8
	// ReportsTimes says that it gives the times from sending to delivery.
	ReportsTimes bool
	// ReportsStage says for which stages failures come with a number.
	ReportsStage map[sms.Stage]bool
}

// mostMessages bounds a believable count of one row, far above what any vendor sends and far enough below 2^63 that no
// checksum of a row overflows.
const mostMessages = 10_000_000_000_000

// Day is what an answer says of one part of one day.
type Day struct {
	Rows     int64
	Messages sms.Count      // requested, or failed messages
	Pending  sms.Count      // of delivery rows
	Totals   sms.Measures   // of delivery rows; a measure that no row reports is not reported
	Lacks    sms.MeasureSet // what a row lacks of the numbers that the vendor normally gives
}

// Staging is a batch counted: all that can be known before the database is asked.
type Staging struct {
	Batch *sms.Batch
	Days  [Parts][]Day // by day of the window
}

// Stage goes through a batch once. The error wraps sms.ErrMalformed: a row that no batch of this scope may hold.
func Stage(batch *sms.Batch, fills sms.Facts, v Vendor) (*Staging, error) {
	t := &Staging{Batch: batch, Days: PerDay[Day](batch.Scope.Window)}
	if len(batch.Deliveries) > 0 && !fills.Delivery {
		return nil, fmt.Errorf("%w: delivery rows from datasets that have none", sms.ErrMalformed)
	}
	for i := range batch.Deliveries {
		if err := t.countDelivery(&batch.Deliveries[i], v.Reports); err != nil {
			return nil, err
		}
	}
	for i := range batch.Failures {
		if err := t.countFailure(&batch.Failures[i], fills, v); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Staging) countDelivery(d *sms.DeliveryRow, reports uint8) error {
	day, err := t.day(Delivery, d.Day)
	if err != nil {
		return err
	}
	totals, measures := day.Totals.Pointers(), t.Batch.Measures(d)
	for m, c := range measures.Counts() {
		n, reported := c.Value()
		if n > mostMessages || n < -mostMessages {
			return fmt.Errorf("%w: %s of %s is %d", sms.ErrMalformed, sms.MeasureNames[m], d.Day, n)
		}
		switch {
		case reported:
			*totals[m] = sms.Reported(totals[m].Or(0) + n)
		case reports&(1<<m) != 0:
			day.Lacks |= 1 << m
		}
	}
	day.Rows++
	day.Messages = day.Messages.Add(measures.Requested)
	day.Pending = day.Pending.Add(measures.Pending)
	return nil
}

func (t *Staging) countFailure(f *sms.FailureRow, fills sms.Facts, v Vendor) error {
	if f.Reason == sms.NoReason {
		return fmt.Errorf("%w: a failure of %s without a reason", sms.ErrMalformed, f.Day)
	}
	reason := t.Batch.Reasons[f.Reason]
	p, known := PartOf(reason.Stage)
	if !known || p == Processing && !fills.Processing || p == Sending && !fills.Sending {
		return fmt.Errorf("%w: a failure in stage %q from datasets that have none", sms.ErrMalformed, reason.Stage)
	}
	day, err := t.day(p, f.Day)
	if err != nil {
		return err
	}
	n, reported := f.Messages.Value()
	if n > mostMessages || n < -mostMessages {
		return fmt.Errorf("%w: %s failures of %s are %d", sms.ErrMalformed, reason.Code, f.Day, n)
	}
	if !reported && v.ReportsStage[reason.Stage] {
		day.Lacks |= reasonsOf(p)
	}
	day.Rows++
	day.Messages = day.Messages.Add(f.Messages)
	return nil
}

// reasonsOf gives the reasons of a part as what an answer can lack.
func reasonsOf(p Part) sms.MeasureSet {
	if p == Processing {
		return sms.ProcessingReasons
	}
	return sms.SendingReasons
}

// Seen gives what the answer reports on the i-th day of the window.
func (t *Staging) Seen(i int) (all sms.MeasureSet) {
	for m, c := range t.Days[Delivery][i].Totals.Counts() {
		if c.IsReported() {
			all |= 1 << m
		}
	}
	for _, p := range []Part{Processing, Sending} {
		if t.Days[p][i].Messages.IsReported() {
			all |= reasonsOf(p)
		}
	}
	return all
}

func (t *Staging) day(p Part, d sms.Day) (*Day, error) {
	w := t.Batch.Scope.Window
	if !w.Contains(d) {
		return nil, fmt.Errorf("%w: a row of %s in an answer for %s", sms.ErrMalformed, d, w)
	}
	return &t.Days[p][d-w.First()], nil
}

// Unreadable counts rows of the account that could not be understood, and whose messages are therefore missing.
func (t *Staging) Unreadable() int64 {
	var n int64
	for i := range t.Batch.Rejects {
		if !t.Batch.Rejects[i].Foreign {
			n++
		}
	}
	return n
}

// Fingerprint gives a checksum of the messages of one part of one day in the vendor's own words, whatever order the rows came in.
// It tells whether two answers have the same messages of a day whose keys the warehouse may not even know, whatever became of
// them since.
func (t *Staging) Fingerprint(p Part, day sms.Day) int64 {
	var all uint64
	b := t.Batch
	if p == Delivery {
		for i := range b.Deliveries {
			if d := &b.Deliveries[i]; d.Day == day {
				all += fingerprint(&b.Subjects[d.Subject], "", b.Measures(d).Requested)
			}
		}
		return int64(all)
	}
	for i := range b.Failures {
		f := &b.Failures[i]
		if of, _ := PartOf(b.Stage(f)); f.Day == day && of == p {
			all += fingerprint(&b.Subjects[f.Subject], b.Reasons[f.Reason].Code, f.Messages)
		}
	}
	return int64(all)
}

func fingerprint(s *sms.Subject, reason string, c sms.Count) uint64 {
	h := fnv.New64a()
	for _, text := range []string{s.Template.String(), s.Label.String(), s.MessageType.String(), s.Country.String(), reason} {
		h.Write([]byte(text))
		h.Write([]byte{0})
	}
	n, reported := c.Value()
	b := binary.BigEndian.AppendUint64(nil, uint64(n))
	if reported {
		b = append(b, 1)
	}
	h.Write(append(b, 0xff))
	return h.Sum64()
}
