package star

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"smsetl/sms"
)

// line is a fact row on its way into the database: its place among the rows of its day, and where it stands in the batch.
type line struct {
	rank uint64 // subject before reason, by their surrogate keys
	at   int32
}

// lines are the rows of a fact in the order of the key, which is the order in which the index likes them and every load
// writes them.
type lines struct {
	all   []line
	first []int32 // of each day of the window, and what would be first after it
}

func (l *lines) day(i int) []line { return l.all[l.first[i]:l.first[i+1]] }

// newLines sorts rows. of gives a row's day of the window and its rank.
func newLines(days, rows int, of func(at int) (day int, rank uint64)) lines {
	l := lines{make([]line, rows), make([]int32, days+1)}
	for at := range rows {
		day, _ := of(at)
		l.first[day+1]++
	}
	for i := range days {
		l.first[i+1] += l.first[i]
	}
	free := slices.Clone(l.first)
	for at := range rows {
		day, rank := of(at)
		l.all[free[day]] = line{rank, int32(at)}
		free[day]++
	}
	byRank := func(a, b line) int { return cmp.Compare(a.rank, b.rank) }
	for i := range days {
		if day := l.day(i); !slices.IsSortedFunc(day, byRank) {
			slices.SortFunc(day, byRank)
		}
	}
	return l
}

// ranks gives the place of each element in the order of compare; equal ones share theirs.
func ranks[T any](all []T, compare func(a, b *T) int) []uint64 {
	order := make([]int32, len(all))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return compare(&all[a], &all[b]) })
	places := make([]uint64, len(all))
	for i := 1; i < len(order); i++ {
		places[order[i]] = places[order[i-1]]
		if compare(&all[order[i-1]], &all[order[i]]) != 0 {
			places[order[i]]++
		}
	}
	return places
}

func (k *keys) compare(o *keys) int {
	return cmp.Or(cmp.Compare(k.Template, o.Template), cmp.Compare(k.Label, o.Label),
		cmp.Compare(k.MessageType, o.MessageType), cmp.Compare(k.Country, o.Country))
}

// order sorts the rows, and refuses two of one grain: adding them up or picking one would be a guess.
func (w *Writer) order() error {
	b, first := w.Staging.Batch, w.window.First()
	subject := ranks(w.keys, (*keys).compare)
	reason := ranks(w.reasons, func(a, b *int32) int { return cmp.Compare(*a, *b) })
	w.deliveries = newLines(w.window.Len(), len(b.Deliveries), func(at int) (int, uint64) {
		d := &b.Deliveries[at]
		return int(d.Day - first), subject[d.Subject] << 32
	})
	w.failures = newLines(w.window.Len(), len(b.Failures), func(at int) (int, uint64) {
		f := &b.Failures[at]
		return int(f.Day - first), subject[f.Subject]<<32 | reason[f.Reason]
	})
	if one, other, isTwice := w.deliveries.twice(w.window.Len()); isTwice {
		a, d := b.Delivery(one), b.Delivery(other)
		return &TwiceError{d.Day, keysOf(&d.Grain, ""), [2]string{shown(&a.Measures), shown(&d.Measures)}}
	}
	if one, other, isTwice := w.failures.twice(w.window.Len()); isTwice {
		a, f := b.Failure(one), b.Failure(other)
		return &TwiceError{f.Day, keysOf(&f.Grain, ", reason "+f.Reason.Code), [2]string{a.Messages.String(), f.Messages.String()}}
	}
	return nil
}

// twice finds two rows of one grain.
func (l *lines) twice(days int) (one, other int, isTwice bool) {
	for i := range days {
		day := l.day(i)
		for n := 1; n < len(day); n++ {
			if day[n].rank == day[n-1].rank {
				return int(min(day[n].at, day[n-1].at)), int(max(day[n].at, day[n-1].at)), true
			}
		}
	}
	return 0, 0, false
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
	before := batch.Rows
	batch.Rows = sms.Rows{}
	deliveries, failures := map[sms.Grain]int{}, map[failureKey]int{}
	for i := range before.Deliveries {
		d := before.Delivery(i)
		at, isKnown := deliveries[d.Grain]
		if !isKnown {
			deliveries[d.Grain] = len(batch.Deliveries)
			batch.AddDelivery(&d.Grain, &d.Measures)
			continue
		}
		into, more := batch.Measures(&batch.Deliveries[at]), d.Counts()
		for i, to := range into.Pointers() {
			*to = to.Plus(more[i])
		}
		batch.SetMeasures(&batch.Deliveries[at], &into)
	}
	for i := range before.Failures {
		f := before.Failure(i)
		key := failureKey{f.Grain, *f.Reason}
		at, isKnown := failures[key]
		if !isKnown {
			failures[key] = len(batch.Failures)
			batch.AddFailure(&f.Grain, f.Reason, f.Messages)
			continue
		}
		into := &batch.Failures[at].Messages
		*into = into.Plus(f.Messages)
	}
	w := batch.Scope.Window
	added := len(before.Deliveries) + len(before.Failures) - len(batch.Deliveries) - len(batch.Failures)
	batch.Findings = append(slices.Clone(batch.Findings), sms.Finding{
		Check: "rows_added_up", Subject: "key", Severity: sms.Warning, Day: w.First(), LastDay: w.Last(), Rows: int64(added),
		Detail: fmt.Sprintf("%d rows repeat the key of another one; the vendor's own sums say that they are parts of one number", added),
	})
}

// failureKey is what a failure row is unique by.
type failureKey struct {
	sms.Grain
	sms.Reason
}
