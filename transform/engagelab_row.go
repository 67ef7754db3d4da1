package transform

import (
	"fmt"
	"slices"

	"smsetl/sms"
)

// eachRow makes facts of the row, or rejects it.
func (a *engageLabAnswer) eachRow() error {
	a.day = 0
	if a.row.raw[0] != '{' {
		a.rejectf(rejectedRow, "row", "the row is %s, want an object", kind(a.row.raw))
		return nil
	}
	g, ok := a.grain()
	if !ok || !a.readCounts() {
		return nil
	}
	switch {
	case a.isBeyond(g.Day, g.Day):
		a.notes.add(beyondRow, string(a.payload.Dataset), g.Day, func() string {
			return fmt.Sprintf("%s has rows of %s, for which another call of the vendor gives no answer any more: "+
				"they are left out", a.payload.Dataset, g.Day)
		})
	case a.found != nil:
		a.found(Place{
			Payload: a.payload.Body.Hash, Dataset: a.payload.Dataset, Grain: g,
			Position: a.rows - 1, Offset: a.done - int64(len(a.row.raw)), Row: a.row.raw,
		})
	case a.row.layout.reasons == nil:
		a.delivery(&g)
	default:
		return a.failures(&g)
	}
	return nil
}

// rejectf rejects the row. It gives false, for the caller to return.
func (a *engageLabAnswer) rejectf(c check, subject, format string, args ...any) bool {
	reason, position := fmt.Sprintf(format, args...), a.rows-1
	if c == strayRow && a.stray == "" {
		a.stray = fmt.Sprintf("row %d: %s", position, reason)
	}
	a.reject(a.payload, position, c, reason, a.row.raw)
	a.notes.add(c, subject, a.day, func() string {
		return fmt.Sprintf("row %d of answer %s was rejected: %s", position, short(a.payload), reason)
	})
	return false
}

// readCounts reads the row's counts; false when it is rejected.
func (a *engageLabAnswer) readCounts() bool {
	for i := firstCount; i < firstCount+a.row.layout.counts; i++ {
		value := a.row.values[i]
		c, why := count(value)
		a.counts[i] = c
		if c.IsReported() {
			continue
		}
		field := a.row.layout.fields[i]
		switch {
		case why != "":
			return a.rejectf(rejectedRow, field, "%s is %s: %s", field, excerpt(value), why)
		case value == nil:
			a.missing(field)
		default:
			a.notes.add(mildForSent(nullCount, field), field, a.day, func() string {
				return fmt.Sprintf("%s is null on %s: stored as not reported", field, a.day)
			})
		}
	}
	return true
}

func (a *engageLabAnswer) missing(field string) {
	a.notes.add(mildForSent(missingField, field), field, a.day, func() string {
		return fmt.Sprintf("%s has no field %s on %s", a.payload.Dataset, field, a.day)
	})
}

// mildForSent gives the check at the severity that it has for the field: nothing is derived from `sent`.
func mildForSent(c check, field string) check {
	if field == "sent" {
		c.severity = sms.Info
	}
	return c
}

// delivery makes the fact of a row of stats_day.
func (a *engageLabAnswer) delivery(g *sms.Grain) {
	m := a.measures()
	a.checkSent(&m)
	a.checkShares(&m)
	for _, field := range a.row.unknown {
		a.unknownField(field)
	}
	a.Deliveries = grow(a.Deliveries, a.before.deliveries, a.done, a.payload.Body.Size)
	a.Deliveries = append(a.Deliveries, sms.Delivery{Grain: *g, Measures: m})
}

func (a *engageLabAnswer) unknownField(m member) {
	a.notes.add(unknownField, subject(m.name), a.day, func() string {
		return fmt.Sprintf("%s has a field %q, on %s: %s", a.payload.Dataset, cut(m.name, maxKey), a.day, excerpt(m.value))
	})
}

// grow makes room for the facts still to come, guessed from those that the answer's first done bytes gave. Doubling
// instead would hold up to twice the memory.
func grow[T any](list []T, before int, done, size int64) []T {
	if len(list) < cap(list) {
		return list
	}
	const least, most = 512, 1 << 20
	guess := float64(least)
	if done > 0 {
		guess = 1.03 * float64(len(list)-before) / float64(done) * float64(size-done)
	}
	return slices.Grow(list, int(min(max(guess, least), most)))
}
