package transform

import (
	"fmt"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// engageLab reads the answers of one EngageLab scope.
type engageLab struct {
	*batch
	payload *sms.Payload
	layout  *layout
	stream  stream
	row     row
	counts  [maxFields]sms.Count // of the row, in the layout's order

	before   facts  // how many there were before this answer
	believed int64  // rows of this answer
	rejected int64  // rows of this answer
	first    string // why the first of those was rejected
	stray    string // the first row that lies outside the window
	shares   [len(shareOf)]shareTally

	keys    map[string]sms.Key // of templates and labels, by their JSON text
	types   map[string]sms.Key // of message types, by their JSON text
	isOurs  bool               // rows without an account are the scope's, as the answer was asked for
	day     sms.Day            // of the row; 0 when it could not be read
	dayText []byte             // the last day read, as the row wrote it
	dayRead sms.Day            // and what it means

	located func(position int64, g *sms.Grain) // told of each row instead of making facts; nil to make facts

	newReasons map[string]*sms.Reason // fields that no table knows and that hold counts
	nulls      map[string]bool        // fields that no table knows and that were null before they held a count
}

// facts is a number of rows of each fact.
type facts struct{ deliveries, failures int }

// readEngageLab reads each answer by itself: together they are what the scope asked for, cut by window or by filter.
func readEngageLab(b *batch, payloads []sms.Payload) error {
	return (&engageLab{batch: b}).readAll(payloads)
}

func (e *engageLab) readAll(payloads []sms.Payload) error {
	e.prepare()
	if err := e.pass(payloads); err != nil {
		return err
	}
	for field := range e.nulls {
		if e.newReasons[field] != nil {
			// The field was null before a number in it showed that it is a reason. Null is not zero, so the answers are
			// read again, knowing better.
			*e.batch = batch{Batch: sms.Batch{Scope: e.Scope, Beyond: e.Beyond}}
			return e.pass(payloads)
		}
	}
	return nil
}

// prepare empties what is remembered from one answer to the next.
func (e *engageLab) prepare() {
	e.keys, e.types = make(map[string]sms.Key), make(map[string]sms.Key)
	e.newReasons, e.nulls = make(map[string]*sms.Reason), make(map[string]bool)
}

func (e *engageLab) pass(payloads []sms.Payload) error {
	e.nulls = make(map[string]bool)
	for i := range payloads {
		if err := e.answer(&payloads[i]); err != nil {
			return fmt.Errorf("answer %s for %s: %w", short(&payloads[i]), payloads[i].Window, err)
		}
	}
	return nil
}

func (e *engageLab) answer(p *sms.Payload) error {
	l, ok := engageLabLayouts[p.Dataset]
	if !ok {
		return fmt.Errorf("dataset %q is not understood", p.Dataset)
	}
	src, err := pack.Open(p.Body)
	if err != nil {
		return err
	}
	defer src.Close()
	e.payload, e.layout, e.isOurs = p, l, asksForItself(p)
	e.before = facts{len(e.Deliveries), len(e.Failures)}
	e.believed, e.rejected, e.first, e.stray = 0, 0, "", ""
	e.shares = [len(shareOf)]shareTally{}
	e.stream = stream{
		src: src, row: &e.row, scanner: newScanner(l), each: e.each, unknown: e.envelopeField,
		buffer: e.stream.buffer, noBuffer: e.stream.noBuffer,
	}
	understood := e.stream.read()
	if err := src.Verify(); err != nil {
		return err
	}
	if understood != nil {
		return understood
	}
	return e.believe(&e.stream.env)
}

// believe says why the answer as a whole cannot be believed.
func (e *engageLab) believe(env *envelope) error {
	if e.layout.reasons == nil {
		e.noteShares()
	}
	if err := e.checkEnvelope(env); err != nil {
		return err
	}
	switch {
	case e.stray != "":
		return malformed("%s", e.stray)
	case e.rejected > 0 && e.believed == 0:
		// Taken for an empty answer it would empty the window.
		return malformed("none of its %d rows can be believed: %s", e.rejected, e.first)
	}
	return nil
}

func (e *engageLab) checkEnvelope(env *envelope) error {
	if err := env.failure(); err != nil {
		return err
	}
	switch {
	case !env.seen["result"]:
		return malformed("it has no result, want an array of rows")
	case env.result == "an object":
		return malformed("result is an object, as asked for by aggregate_by=1, want an array of rows")
	case env.result == "null" && isZeroNumber(env.count): // no rows, and it says so
	case env.result != "":
		return malformed("result is %s, want an array of rows", env.result)
	}
	if err := e.checkCount(env); err != nil {
		return err
	}
	return e.checkTotal(env)
}

// checkCount compares the envelope's count with the rows. It is the only sign of an answer that the vendor cut short: no paging
// is documented for these calls.
func (e *engageLab) checkCount(env *envelope) error {
	w := e.payload.Window
	n, why := count(env.count)
	switch {
	case why != "":
		return malformed("count is %s, want %d, the number of rows", excerpt(env.count), env.rows)
	case !n.IsReported():
		e.notes.addRows(countMissing, string(e.payload.Dataset), w.First(), w.Last(), 1, func() string {
			return fmt.Sprintf("%s has no count beside %d rows: nothing tells whether rows are missing", e.payload.Dataset, env.rows)
		})
	case n != sms.Reported(env.rows):
		e.notes.addRows(countDiffers, "count", w.First(), w.Last(), 1, func() string {
			return fmt.Sprintf("count is %s in an answer of %d rows, which is refused", n, env.rows)
		})
		return e.incomplete("count is %s in an answer of %d rows", n, env.rows)
	}
	return nil
}

func (e *engageLab) checkTotal(env *envelope) error {
	total, why := count(env.total)
	switch {
	case total.Or(0) > env.rows:
		return e.incomplete("it holds %d rows out of a total of %s", env.rows, total)
	case env.total != nil && (why != "" || total != sms.Reported(env.rows)):
		e.notes.add(totalDiffers, "total", 0, func() string {
			return fmt.Sprintf("total is %s in an answer of %d rows", excerpt(env.total), env.rows)
		})
	}
	return nil
}

// incomplete gives the error of an answer that says itself that rows are missing.
func (e *engageLab) incomplete(format string, args ...any) error {
	return &sms.IncompleteError{Dataset: e.payload.Dataset, Window: e.payload.Window, Detail: fmt.Sprintf(format, args...)}
}

func (e *engageLab) envelopeField(field string, value []byte) {
	e.notes.add(unknownField, subject([]byte("envelope."+field)), 0, func() string {
		return fmt.Sprintf("the answer has a field %q: %s", field, excerpt(value))
	})
}

// each makes facts of one row, or rejects it.
func (e *engageLab) each(position int64, isObject bool) error {
	if !isObject {
		e.day = 0
		e.drop(position, &fault{rejectedRow, "row", "the row is " + kind(e.row.raw) + ", want an object"})
		return nil
	}
	g, fault := e.grain()
	if fault == nil {
		fault = e.readCounts(g.Day)
	}
	if fault != nil {
		e.drop(position, fault)
		return nil
	}
	e.believed++
	if e.isBeyond(g.Day) {
		e.notes.add(beyondRow, string(e.payload.Dataset), g.Day, func() string {
			return fmt.Sprintf("%s has rows of %s, for which another call of the vendor gives no answer any more: they are left out", e.payload.Dataset, g.Day)
		})
		return nil
	}
	switch {
	case e.located != nil:
		about := g // a copy, so that the rows of every other reading stay off the heap
		e.located(position, &about)
	case e.layout.reasons == nil:
		e.delivery(&g)
	default:
		return e.failures(&g)
	}
	return nil
}

// fault is why a row is rejected.
type fault struct {
	check   check
	subject string
	reason  string
}

// drop rejects the row.
func (e *engageLab) drop(position int64, f *fault) {
	if e.rejected++; e.rejected == 1 {
		e.first = fmt.Sprintf("row %d: %s", position, f.reason)
	}
	if f.check == strayRow && e.stray == "" {
		e.stray = fmt.Sprintf("row %d: %s", position, f.reason)
	}
	e.reject(e.payload, position, f.check, f.reason, e.row.raw)
	e.notes.add(f.check, f.subject, e.day, func() string {
		return fmt.Sprintf("row %d of answer %s was rejected: %s", position, short(e.payload), f.reason)
	})
}

// readCounts reads the row's counts.
func (e *engageLab) readCounts(day sms.Day) *fault {
	for i := firstCount; i < firstCount+e.layout.counts; i++ {
		value := e.row.values[i]
		c, why := count(value)
		e.counts[i] = c
		if c.IsReported() {
			continue
		}
		field := e.layout.fields[i]
		switch {
		case why != "":
			return &fault{rejectedRow, field, fmt.Sprintf("%s is %s: %s", field, excerpt(value), why)}
		case value == nil:
			e.missing(field, day)
		default:
			e.notes.add(e.mildForSent(nullCount, field), field, day, func() string {
				return fmt.Sprintf("%s is null on %s: stored as not reported", field, day)
			})
		}
	}
	return nil
}

func (e *engageLab) missing(field string, day sms.Day) {
	e.notes.add(e.mildForSent(missingField, field), field, day, func() string {
		return fmt.Sprintf("%s has no field %s on %s", e.payload.Dataset, field, day)
	})
}

// mildForSent gives the check at the severity that it has for the field: nothing is derived from `sent`.
func (e *engageLab) mildForSent(c check, field string) check {
	if field == e.layout.fields[fieldSent] && e.layout.reasons == nil {
		c.severity = sms.Info
	}
	return c
}

// delivery makes the fact of a row of stats_day.
func (e *engageLab) delivery(g *sms.Grain) {
	m := e.measures(g)
	e.checkSent(g, &m)
	e.checkShares(g, &m)
	for _, field := range e.row.unknown {
		e.unknownField(field, g)
	}
	e.Deliveries = grow(e.Deliveries, e.before.deliveries, e.stream.done, e.payload.Body.Size)
	e.Deliveries = append(e.Deliveries, sms.Delivery{Grain: *g, Measures: m})
}

func (e *engageLab) unknownField(m member, g *sms.Grain) {
	e.notes.add(unknownField, subject(m.name), g.Day, func() string {
		return fmt.Sprintf("%s has a field %q, on %s: %s", e.payload.Dataset, cut(m.name, maxKey), g.Day, excerpt(m.value))
	})
}
