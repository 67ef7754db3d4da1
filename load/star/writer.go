package star

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// Writer brings the believed days of a scope to what a staged batch says.
type Writer struct {
	Staging *Staging
	Vendor  Vendor
	Account int32 // the account's surrogate key
	LoadID  int64
	Parts   []Part // that the scope fills
	// Believed says of each day of the window whether it is written.
	Believed []bool
	// WasLoaded says whether an answer for a part of a day was believed before.
	WasLoaded func(part Part, day sms.Day) bool

	window  sms.Window
	written Written
}

// Written is what became of rows, and what the believed days hold now.
type Written struct {
	Inserted, Updated, Removed, Unchanged int64
	// Changed and Checksums are by day of the window: whether rows were written, and the content of believed days.
	Changed   [Parts][]bool
	Checksums [Parts][]uint64
}

// Nothing is what a load has written that writes no row.
func Nothing(w sms.Window) Written {
	return Written{Changed: PerDay[bool](w), Checksums: PerDay[uint64](w)}
}

// planning suits the statements of a load: the hash of a window of 64 MiB of JSON fits into this memory and would otherwise
// spill to disk, and a sample of 3,000 staged rows says as much as the default's 30,000 in a tenth of the time.
const planning = `
	SET LOCAL work_mem = '64MB';
	SET LOCAL default_statistics_target = 10`

// Write writes dimensions, facts, history and summaries.
func (w *Writer) Write(ctx context.Context, tx pgx.Tx) (Written, error) {
	w.window = w.Staging.Batch.Scope.Window
	w.written = Nothing(w.window)
	if err := w.resolve(ctx, tx); err != nil {
		return Written{}, fmt.Errorf("dimensions: %w", err)
	}
	if err := w.order(); err != nil {
		return Written{}, err
	}
	if err := w.checkCalendar(ctx, tx); err != nil {
		return Written{}, err
	}
	w.sumContent()
	if _, err := tx.Exec(ctx, planning, pgx.QueryExecModeSimpleProtocol); err != nil {
		return Written{}, err
	}
	if w.fills(Delivery) {
		if err := w.replaceFact(ctx, tx, w.deliveryFact()); err != nil {
			return Written{}, fmt.Errorf("delivery facts: %w", err)
		}
		if err := w.summarise(ctx, tx); err != nil {
			return Written{}, fmt.Errorf("summaries: %w", err)
		}
	}
	if w.fills(Processing) || w.fills(Sending) {
		f := w.failureFact()
		if err := w.replaceFact(ctx, tx, f); err != nil {
			return Written{}, fmt.Errorf("failure facts: %w", err)
		}
		if err := w.summariseFailures(ctx, tx, f); err != nil {
			return Written{}, fmt.Errorf("summary of failures: %w", err)
		}
	}
	return w.written, nil
}

func (w *Writer) fills(part Part) bool { return slices.Contains(w.Parts, part) }

func (w *Writer) isBelieved(day sms.Day) bool { return w.Believed[day-w.window.First()] }

// order sorts the lines by key, which is the order in which the index likes them and every load writes them, and refuses
// two lines of one grain: adding them up or picking one would be a guess.
func (w *Writer) order() error {
	for _, lines := range [][]line{w.Staging.deliveries, w.Staging.failures} {
		byKey := func(a, b line) int { return a.compare(&b) }
		if !slices.IsSortedFunc(lines, byKey) {
			slices.SortFunc(lines, byKey)
		}
	}
	for i, l := range w.Staging.deliveries {
		if i > 0 && l.compare(&w.Staging.deliveries[i-1]) == 0 {
			before, d := w.Staging.Batch.Deliveries[w.Staging.deliveries[i-1].at], w.Staging.Batch.Deliveries[l.at]
			return &TwiceError{d.Day, keysOf(&d.Grain, ""), [2]string{shown(&before.Measures), shown(&d.Measures)}}
		}
	}
	for i, l := range w.Staging.failures {
		if i > 0 && l.compare(&w.Staging.failures[i-1]) == 0 {
			f := &w.Staging.Batch.Failures[l.at]
			before := &w.Staging.Batch.Failures[w.Staging.failures[i-1].at]
			return &TwiceError{f.Day, keysOf(&f.Grain, ", reason "+f.Reason.Code), [2]string{before.Messages.String(), f.Messages.String()}}
		}
	}
	return nil
}

// TwiceError is an sms.ErrMalformed: two rows of one key.
type TwiceError struct {
	Day  sms.Day
	Keys string    // "template 7, label (none), message type 2, country (not reported)"
	Rows [2]string // the numbers of both
}

func (e *TwiceError) Error() string {
	return fmt.Sprintf("%v: two rows for %s, %s: %s, and %s", sms.ErrMalformed, e.Day, e.Keys, e.Rows[0], e.Rows[1])
}

// Unwrap gives the kind.
func (e *TwiceError) Unwrap() error { return sms.ErrMalformed }

func keysOf(g *sms.Grain, reason string) string {
	return fmt.Sprintf("template %s, label %s, message type %s, country %s%s", g.Template, g.Label, g.MessageType, g.Country, reason)
}

// shown gives the numbers of a delivery row.
func shown(m *sms.Measures) string {
	var all []string
	for i, c := range m.Counts() {
		if c.IsReported() {
			all = append(all, sms.MeasureNames[i]+" "+c.String())
		}
	}
	return strings.Join(all, ", ")
}

// AddUp makes one row of those of one key, and notes how many there were.
func AddUp(batch *sms.Batch) {
	deliveries, failures := map[sms.Grain]int{}, map[failureKey]int{}
	before := len(batch.Deliveries) + len(batch.Failures)
	kept := batch.Deliveries[:0:0]
	for _, d := range batch.Deliveries {
		at, isKnown := deliveries[d.Grain]
		if !isKnown {
			deliveries[d.Grain] = len(kept)
			kept = append(kept, d)
			continue
		}
		into := &kept[at].Measures
		sum, more := into.Counts(), d.Counts()
		for i, to := range into.Pointers() {
			*to = sum[i].Plus(more[i])
		}
	}
	reasons := batch.Failures[:0:0]
	for _, f := range batch.Failures {
		key := failureKey{f.Grain, *f.Reason}
		at, isKnown := failures[key]
		if !isKnown {
			failures[key] = len(reasons)
			reasons = append(reasons, f)
			continue
		}
		reasons[at].Messages = reasons[at].Messages.Plus(f.Messages)
	}
	batch.Deliveries, batch.Failures = kept, reasons
	w := batch.Scope.Window
	added := int64(before - len(kept) - len(reasons))
	batch.Findings = append(slices.Clone(batch.Findings), sms.Finding{
		Check: "rows_added_up", Subject: "key", Severity: sms.Warning, Day: w.First(), LastDay: w.Last(), Rows: added,
		Detail: fmt.Sprintf("%d rows repeat the key of another one; the vendor's own sums say that they are parts of one number", added),
	})
}

// failureKey is what a failure row is unique by.
type failureKey struct {
	sms.Grain
	sms.Reason
}

// compare orders lines by key, whatever their numbers are.
func (l *line) compare(o *line) int {
	switch {
	case l.day != o.day:
		return cmp.Compare(l.day, o.day)
	case l.template != o.template:
		return cmp.Compare(l.template, o.template)
	case l.label != o.label:
		return cmp.Compare(l.label, o.label)
	case l.messageType != o.messageType:
		return cmp.Compare(l.messageType, o.messageType)
	case l.country != o.country:
		return cmp.Compare(l.country, o.country)
	default:
		return cmp.Compare(l.reason, o.reason)
	}
}

// checkCalendar makes sure that the days exist in the calendar, which since nothing else does: facts declare no foreign keys.
func (w *Writer) checkCalendar(ctx context.Context, tx pgx.Tx) error {
	var days int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM sms.dim_date WHERE date_key BETWEEN $1 AND $2`,
		w.window.First(), w.window.Last()).Scan(&days)
	if err != nil {
		return err
	}
	if days != w.window.Len() {
		return fmt.Errorf("the window %s leaves the calendar in sms.dim_date", w.window)
	}
	return nil
}

// sumContent computes the checksum of every day and part: etl.stored_day computes the same from the tables.
func (w *Writer) sumContent() {
	for i := range w.Staging.deliveries {
		l := &w.Staging.deliveries[i]
		var content uint64
		c := w.Staging.Batch.Deliveries[l.at].Counts()
		for m := range c {
			content += uint64(2*m+1) * uint64(c[m].Or(-1))
		}
		w.written.Checksums[Delivery][l.day-w.window.First()] += l.multiplier(0) * content
	}
	for i := range w.Staging.failures {
		l := &w.Staging.failures[i]
		f := &w.Staging.Batch.Failures[l.at]
		part, _ := PartOf(f.Reason.Stage)
		w.written.Checksums[part][l.day-w.window.First()] += l.multiplier(l.reason) * uint64(f.Messages.Or(-1))
	}
}

// multiplier mixes the keys of a row into its checksum, so that rows which swap their numbers show.
func (l *line) multiplier(reason int32) uint64 {
	// A country that is not reported counts nothing: rows from before there were countries keep their checksum.
	n := (int64(l.template)*7 + int64(l.label)*13 + int64(l.messageType)*17 + int64(reason)*19 + int64(l.country-db.NotReportedKey)*23) % 1009
	if n < 0 {
		n += 1009
	}
	return uint64(1 + n)
}
