package load

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"smsetl/sms"
)

// part is a kind of fact rows that a load replaces as a whole: each has its own lines in the ledger.
type part int

const (
	delivery part = iota
	processing
	sending
	parts
)

// partOf gives the part that a stage's failures belong to.
func partOf(stage sms.Stage) (part, bool) {
	switch stage {
	case sms.Processing:
		return processing, true
	case sms.Sending:
		return sending, true
	default:
		return 0, false
	}
}

// mostMessages bounds a believable count of one row, far above what any vendor sends and far enough below 2^63 that no
// checksum of a row overflows.
const mostMessages = 10_000_000_000_000

// sum adds counts, leaving out what is not reported: it is not reported itself only when nothing was.
type sum struct {
	total    int64
	reported bool
}

func (s *sum) add(c sms.Count) {
	if n, ok := c.Value(); ok {
		s.total += n
		s.reported = true
	}
}

// pointer gives the sum as the driver writes it: nil is NULL.
func (s sum) pointer() *int64 {
	if !s.reported {
		return nil
	}
	return &s.total
}

// dayTally is what an answer says of one part of one day.
type dayTally struct {
	rows     int64
	messages sum                   // requested, or failed messages
	pending  sum                   // of delivery rows
	totals   [sms.MeasureCount]sum // of delivery rows
	lacks    sms.MeasureSet        // what a row lacks of the numbers that the vendor normally gives
}

// sums gives the totals as measures. A measure that no row reports is not reported.
func (d *dayTally) sums() sms.Measures {
	var columns [sms.MeasureCount]*int64
	for m := range d.totals {
		columns[m] = d.totals[m].pointer()
	}
	return measuresOf(&columns)
}

// line is a fact row on its way into the database: its keys, and where its numbers stand in the batch. The keys are
// indexes into the batch's codes at first, and surrogate keys once these are known.
type line struct {
	day                                           sms.Day
	template, label, messageType, country, reason int32
	at                                            int32
}

// codes numbers the distinct keys of a batch.
type codes struct {
	index map[sms.Key]int32
	list  []sms.Key
	last  sms.Key // most rows repeat the key of the row before
	at    int32
}

func (c *codes) number(k sms.Key) int32 {
	if k == c.last && len(c.list) > 0 {
		return c.at
	}
	at, known := c.index[k]
	if !known {
		if c.index == nil {
			c.index = map[sms.Key]int32{}
		}
		at = int32(len(c.list))
		c.index[k] = at
		c.list = append(c.list, k)
	}
	c.last, c.at = k, at
	return at
}

// tally is a batch counted and numbered: all that can be known before the database is asked.
type tally struct {
	batch      *sms.Batch
	days       [parts][]dayTally // by day of the window
	deliveries []line
	failures   []line
	templates  codes
	labels     codes
	types      codes
	countries  codes
	reasons    []*sms.Reason
	reasonAt   map[*sms.Reason]int32
}

// count goes through a batch once. The error wraps sms.ErrMalformed: a row that no batch of this scope may hold.
func count(batch *sms.Batch, v vendor) (*tally, error) {
	t := &tally{
		batch:      batch,
		deliveries: make([]line, len(batch.Deliveries)),
		failures:   make([]line, len(batch.Failures)),
		reasonAt:   map[*sms.Reason]int32{},
	}
	for p := range t.days {
		t.days[p] = make([]dayTally, batch.Scope.Window.Len())
	}
	fills := batch.Scope.Facts()
	if len(batch.Deliveries) > 0 && !fills.Delivery {
		return nil, fmt.Errorf("%w: delivery rows from datasets that have none", sms.ErrMalformed)
	}
	for i := range batch.Deliveries {
		if err := t.countDelivery(i, v.tells); err != nil {
			return nil, err
		}
	}
	for i := range batch.Failures {
		if err := t.countFailure(i, fills, v); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *tally) countDelivery(i int, tells uint8) error {
	d := &t.batch.Deliveries[i]
	day, err := t.day(delivery, d.Day)
	if err != nil {
		return err
	}
	for m, c := range d.Measures.Counts() {
		n, reported := c.Value()
		if n > mostMessages || n < -mostMessages {
			return fmt.Errorf("%w: %s of %s is %d", sms.ErrMalformed, sms.MeasureNames[m], d.Day, n)
		}
		switch {
		case reported:
			day.totals[m].total += n
			day.totals[m].reported = true
		case tells&(1<<m) != 0:
			day.lacks |= 1 << m
		}
	}
	day.rows++
	day.messages.add(d.Requested)
	day.pending.add(d.Pending)
	t.deliveries[i] = t.line(i, &d.Grain)
	return nil
}

func (t *tally) countFailure(i int, fills sms.Facts, v vendor) error {
	f := &t.batch.Failures[i]
	if f.Reason == nil {
		return fmt.Errorf("%w: a failure of %s without a reason", sms.ErrMalformed, f.Day)
	}
	p, known := partOf(f.Reason.Stage)
	if !known || p == processing && !fills.Processing || p == sending && !fills.Sending {
		return fmt.Errorf("%w: a failure in stage %q from datasets that have none", sms.ErrMalformed, f.Reason.Stage)
	}
	day, err := t.day(p, f.Day)
	if err != nil {
		return err
	}
	n, reported := f.Messages.Value()
	if n > mostMessages || n < -mostMessages {
		return fmt.Errorf("%w: %s failures of %s are %d", sms.ErrMalformed, f.Reason.Code, f.Day, n)
	}
	if !reported && v.tellsStage[f.Reason.Stage] {
		day.lacks |= reasonsOf(p)
	}
	day.rows++
	day.messages.add(f.Messages)
	t.failures[i] = t.line(i, &f.Grain)
	t.failures[i].reason = t.reason(f.Reason)
	return nil
}

// reasonsOf gives the reasons of a part as what an answer can lack.
func reasonsOf(p part) sms.MeasureSet {
	if p == processing {
		return sms.ProcessingReasons
	}
	return sms.SendingReasons
}

// seen gives what the answer reports on the i-th day of the window.
func (t *tally) seen(i int) (all sms.MeasureSet) {
	for m := range t.days[delivery][i].totals {
		if t.days[delivery][i].totals[m].reported {
			all |= 1 << m
		}
	}
	for _, p := range []part{processing, sending} {
		if t.days[p][i].messages.reported {
			all |= reasonsOf(p)
		}
	}
	return all
}

func (t *tally) day(p part, d sms.Day) (*dayTally, error) {
	w := t.batch.Scope.Window
	if !w.Contains(d) {
		return nil, fmt.Errorf("%w: a row of %s in an answer for %s", sms.ErrMalformed, d, w)
	}
	return &t.days[p][d-w.First()], nil
}

func (t *tally) line(i int, g *sms.Grain) line {
	return line{
		day:         g.Day,
		template:    t.templates.number(g.Template),
		label:       t.labels.number(g.Label),
		messageType: t.types.number(g.MessageType),
		country:     t.countries.number(g.Country),
		at:          int32(i),
	}
}

func (t *tally) reason(r *sms.Reason) int32 {
	at, known := t.reasonAt[r]
	if !known {
		at = int32(len(t.reasons))
		t.reasonAt[r] = at
		t.reasons = append(t.reasons, r)
	}
	return at
}

// unreadable counts rows of the account that could not be understood, and whose messages are therefore missing.
func (t *tally) unreadable() int64 {
	var n int64
	for i := range t.batch.Rejects {
		if !t.batch.Rejects[i].Foreign {
			n++
		}
	}
	return n
}

// fingerprint gives a checksum of the messages of one part of one day in the vendor's own words, whatever order the rows came in.
// It tells whether two answers have the same messages of a day whose keys the warehouse may not even know, whatever became of
// them since.
func (t *tally) fingerprint(p part, day sms.Day) int64 {
	var all uint64
	if p == delivery {
		for i := range t.batch.Deliveries {
			if d := &t.batch.Deliveries[i]; d.Day == day {
				all += fingerprint(&d.Grain, "", []sms.Count{d.Requested})
			}
		}
		return int64(all)
	}
	for i := range t.batch.Failures {
		f := &t.batch.Failures[i]
		if of, _ := partOf(f.Reason.Stage); f.Day == day && of == p {
			all += fingerprint(&f.Grain, f.Reason.Code, []sms.Count{f.Messages})
		}
	}
	return int64(all)
}

func fingerprint(g *sms.Grain, reason string, counts []sms.Count) uint64 {
	h := fnv.New64a()
	for _, text := range []string{g.Template.String(), g.Label.String(), g.MessageType.String(), g.Country.String(), reason} {
		h.Write([]byte(text))
		h.Write([]byte{0})
	}
	for _, c := range counts {
		n, reported := c.Value()
		b := binary.BigEndian.AppendUint64(nil, uint64(n))
		if reported {
			b = append(b, 1)
		}
		h.Write(append(b, 0xff))
	}
	return h.Sum64()
}
