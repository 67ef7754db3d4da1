package load

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

// planning suits the statements of a load: the hash of a window of 64 MiB of JSON fits into this memory and would otherwise
// spill to disk, and a sample of 3,000 staged rows says as much as the default's 30,000 in a tenth of the time.
const planning = `
	SET LOCAL work_mem = '64MB';
	SET LOCAL default_statistics_target = 10`

// replace brings the believed days of the scope to what the batch says.
func (p *put) replace(ctx context.Context, tx pgx.Tx) error {
	if err := p.resolve(ctx, tx); err != nil {
		return fmt.Errorf("dimensions: %w", err)
	}
	if err := p.order(); err != nil {
		return err
	}
	if err := p.checkCalendar(ctx, tx); err != nil {
		return err
	}
	p.weigh()
	if _, err := tx.Exec(ctx, planning, pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	if p.w.restsTriggers {
		// Every key was resolved above, in this transaction, and nobody deletes what it points at. Triggers that are enabled
		// ALWAYS still fire.
		if _, err := tx.Exec(ctx, `SET LOCAL session_replication_role = replica`); err != nil {
			return err
		}
	}
	if p.fills(delivery) {
		if err := p.replaceFact(ctx, tx, p.deliveryFact()); err != nil {
			return fmt.Errorf("delivery facts: %w", err)
		}
		if err := p.summarise(ctx, tx); err != nil {
			return fmt.Errorf("summaries: %w", err)
		}
	}
	if p.fills(processing) || p.fills(sending) {
		f := p.failureFact()
		if err := p.replaceFact(ctx, tx, f); err != nil {
			return fmt.Errorf("failure facts: %w", err)
		}
		if err := p.summariseFailures(ctx, tx, f); err != nil {
			return fmt.Errorf("summary of failures: %w", err)
		}
	}
	if p.w.restsTriggers {
		if _, err := tx.Exec(ctx, `SET LOCAL session_replication_role = origin`); err != nil {
			return err
		}
	}
	return nil
}

// order sorts the lines by key, which is the order in which the index likes them and every load writes them, and refuses
// two lines of one grain: adding them up or picking one would be a guess.
func (p *put) order() error {
	for _, lines := range [][]line{p.tally.deliveries, p.tally.failures} {
		byKey := func(a, b line) int { return a.compare(&b) }
		if !slices.IsSortedFunc(lines, byKey) {
			slices.SortFunc(lines, byKey)
		}
	}
	for i, l := range p.tally.deliveries {
		if i > 0 && l.compare(&p.tally.deliveries[i-1]) == 0 {
			before, d := p.tally.batch.Deliveries[p.tally.deliveries[i-1].at], p.tally.batch.Deliveries[l.at]
			return &TwiceError{d.Day, keysOf(&d.Grain, ""), [2]string{shown(&before.Measures), shown(&d.Measures)}}
		}
	}
	for i, l := range p.tally.failures {
		if i > 0 && l.compare(&p.tally.failures[i-1]) == 0 {
			f := &p.tally.batch.Failures[l.at]
			before := &p.tally.batch.Failures[p.tally.failures[i-1].at]
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

// addUp makes one row of those of one key, and notes how many there were.
func addUp(batch *sms.Batch) {
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
		sum, more := into.Counts(), d.Measures.Counts()
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

// checkCalendar makes sure that the days exist in the calendar, which nothing else does while the triggers rest.
func (p *put) checkCalendar(ctx context.Context, tx pgx.Tx) error {
	var days int
	err := tx.QueryRow(ctx, `SELECT count(*) FROM sms.dim_date WHERE date_key BETWEEN $1 AND $2`,
		date(p.window.First()), date(p.window.Last())).Scan(&days)
	if err != nil {
		return err
	}
	if days != p.window.Len() {
		return fmt.Errorf("the window %s leaves the calendar in sms.dim_date", p.window)
	}
	return nil
}

// weigh computes the checksum of every day and part: etl.stored_day computes the same from the tables.
func (p *put) weigh() {
	for i := range p.tally.deliveries {
		l := &p.tally.deliveries[i]
		var weight uint64
		c := p.tally.batch.Deliveries[l.at].Measures.Counts()
		for m := range c {
			weight += uint64(2*m+1) * uint64(c[m].Or(-1))
		}
		p.checksums[delivery][l.day-p.window.First()] += l.factor(0) * weight
	}
	for i := range p.tally.failures {
		l := &p.tally.failures[i]
		f := &p.tally.batch.Failures[l.at]
		part, _ := partOf(f.Reason.Stage)
		p.checksums[part][l.day-p.window.First()] += l.factor(l.reason) * uint64(f.Messages.Or(-1))
	}
}

// factor mixes the keys of a row into its weight, so that rows which swap their numbers show.
func (l *line) factor(reason int32) uint64 {
	// A country that is not reported weighs nothing: rows from before there were countries keep their weight.
	n := (int64(l.template)*7 + int64(l.label)*13 + int64(l.messageType)*17 + int64(reason)*19 + int64(l.country-db.NotReportedKey)*23) % 1009
	if n < 0 {
		n += 1009
	}
	return uint64(1 + n)
}
