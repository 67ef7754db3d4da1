package pages

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/sheet"
)

// failures are failed messages by reason and by category.
func (s *site) failures(ctx context.Context, q *query) (view, error) {
	f := read.FailureFilter{Reason: q.text("reason"), Category: q.text("category"), Stage: q.stage()}
	c, err := s.choice(ctx, q, "/failures")
	if err != nil {
		return view{}, err
	}
	days := c.Filter
	f.Filter = days
	all, err := s.warehouse.Failures(ctx, f)
	if err != nil {
		return view{}, err
	}
	parts, err := s.warehouse.Explore(ctx, read.Breakdown{Filter: days, By: "vendor"})
	if err != nil {
		return view{}, err
	}
	rate := rates{requested: map[string]*int64{}, before: map[reasonOf]*int64{}}
	for _, p := range parts {
		rate.requested[p.Name] = p.Requested
	}
	for _, t := range all.Totals {
		rate.failed = plusKnown(rate.failed, t.Failed)
	}
	if f.Filter, rate.isCompared = c.before(); rate.isCompared {
		before, err := s.warehouse.Failures(ctx, f)
		if err != nil {
			return view{}, err
		}
		for _, r := range before.Reasons {
			rate.before[keyOf(r)] = r.Messages
		}
	}
	v := view{
		Title: "Failures",
		Lead:  fmt.Sprintf("Why messages failed, %s. Vendors name reasons differently: compare categories.", c.days()),
		Form:  c.form("reason", "category", "stage").comparing(c.compare),
	}
	switch {
	case f.Reason != "":
		v.Title = "Failures: " + f.Reason
		v.Sections = append(v.Sections, section{Heading: "By day", Table: failedDays(all.Days)})
	case f.Category != "":
		v.Title = "Failures: category " + f.Category
	default:
		v.Sections = append(v.Sections, section{
			ID: "totals", Heading: "Total", Lines: beyondLines(all.Totals), Facts: facts("Failed messages", sheet.Count(rate.failed).Show), Table: totalsTable(all.Totals, days),
		})
	}
	// The days of each stage whose numbers may still change or are not there.
	notFinal := map[stageOf]int64{}
	for _, t := range all.Totals {
		notFinal[stageOf{t.Vendor, t.Stage}] = t.NotFinal
	}
	v.Sections = append(v.Sections,
		section{ID: "categories", Heading: "By category", Table: categoriesTable(all.Categories, days, f.Stage, notFinal, rate)},
		section{ID: "reasons", Heading: "By reason", Table: reasonsTable(all.Reasons, days, notFinal, rate)})
	return v, nil
}

// stageOf names a stage of a vendor.
type stageOf struct {
	vendor sms.Vendor
	stage  sms.Stage
}

// beyondLines names the stages whose reasons add up to more than deliveries count.
func beyondLines(all []read.FailedTotal) []line {
	var lines []line
	for _, t := range all {
		if t.Beyond > 0 {
			lines = append(lines, line{Bad: true, Text: fmt.Sprintf("The reasons of %s in %s add up to %s more messages than "+
				"its deliveries count as failed: the two were loaded at different times, or one is not loaded.",
				t.Vendor, t.Stage, sheet.Grouped(t.Beyond))})
		}
	}
	return lines
}

func totalsTable(all []read.FailedTotal, f read.Filter) *sheet.Table {
	return sheet.Of("failures.totals", all, func(t read.FailedTotal) []sheet.Cell {
		without := sheet.Whole(t.Without)
		if t.Without > 0 {
			without = without.To(failuresOf(f, t.Vendor, t.Stage, "reason", read.NoReason))
		}
		beyond := sheet.Whole(t.Beyond).WrongIf(t.Beyond > 0)
		return sheet.Row(t.Vendor, t.Stage, t.Failed, t.Named, without, beyond, t.Days, t.NotFinal)
	})
}

// failuresOf is the address of a part of the failures of a vendor in a stage.
func failuresOf(f read.Filter, vendor sms.Vendor, stage sms.Stage, name, value string) string {
	return href("/failures", "vendor", string(vendor), "account", f.Account, "stage", string(stage), name, value,
		"from", f.First.String(), "to", f.Last.String())
}

// rates are what the failures of a reason are compared with.
type rates struct {
	failed     *int64            // of all, as deliveries count
	requested  map[string]*int64 // by vendor
	before     map[reasonOf]*int64
	isCompared bool
}

// reasonOf names a reason.
type reasonOf struct {
	stageOf

	reason, category string
}

func keyOf(r read.FailedReason) reasonOf {
	return reasonOf{stageOf{r.Vendor, r.Stage}, r.Reason, r.Category}
}

// plusKnown adds what is known.
func plusKnown(a, b *int64) *int64 {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	return sheet.Plus(a, b)
}

func reasonsTable(all []read.FailedReason, f read.Filter, notFinal map[stageOf]int64, rate rates) *sheet.Table {
	most := mostOf(all, func(r read.FailedReason) *int64 { return r.Messages })
	return sheet.Of("failures.reasons", all, func(r read.FailedReason) []sheet.Cell {
		days := failuresOf(f, r.Vendor, r.Stage, "reason", r.Reason)
		return sheet.Row(r.Vendor, r.Stage, sheet.Text(r.Reason).To(days), sheet.Word(r.Category), sheet.Count(r.Messages).To(days).WithBar(most), sheet.Trend(r.Trend), sheet.Ratio(r.Messages, rate.failed),
			sheet.Ratio(r.Messages, rate.requested[string(r.Vendor)]), sheet.Count(rate.before[keyOf(r)]), notFinal[stageOf{r.Vendor, r.Stage}])
	})
}

// failedAs is a category over all vendors.
type failedAs struct {
	category string
	messages *int64
	by       map[sms.Vendor]*int64
	notFinal map[sms.Vendor]int64
}

// categoriesTable has a line for each category and, beside all vendors together, a vendor's number and what part of its requested that is.
func categoriesTable(all []read.FailedCategory, f read.Filter, stage sms.Stage, notFinal map[stageOf]int64, rate rates) *sheet.Table {
	var lines []failedAs
	vendors := map[sms.Vendor]bool{}
	for _, c := range all {
		at := slices.IndexFunc(lines, func(l failedAs) bool { return l.category == c.Category })
		if at < 0 {
			at, lines = len(lines), append(lines, failedAs{category: c.Category, by: map[sms.Vendor]*int64{}, notFinal: map[sms.Vendor]int64{}})
		}
		l := &lines[at]
		l.messages, l.by[c.Vendor], vendors[c.Vendor] = plusKnown(l.messages, c.Messages), plusKnown(l.by[c.Vendor], c.Messages), true
		l.notFinal[c.Vendor] = max(l.notFinal[c.Vendor], notFinal[stageOf{c.Vendor, c.Stage}])
	}
	t, names := sheet.New("failures.categories"), slices.Sorted(maps.Keys(vendors))
	for _, name := range names {
		t.Columns = append(t.Columns, sheet.Columns(">"+string(name), ">"+string(name)+" of requested")...)
	}
	t.Columns = append(t.Columns, sheet.Columns(">days not final")...)
	most := mostOf(lines, func(l failedAs) *int64 { return l.messages })
	return sheet.Fill(t, lines, func(l failedAs) []sheet.Cell {
		to := func(v sms.Vendor) string { return failuresOf(f, v, stage, "category", l.category) + "#reasons" }
		row, open := sheet.Row(sheet.Word(l.category), sheet.Count(l.messages).To(to(f.Vendor)).WithBar(most), sheet.Ratio(l.messages, rate.failed)), int64(0)
		for _, name := range names {
			row = append(row, sheet.Count(l.by[name]).To(to(name)), sheet.Ratio(l.by[name], rate.requested[string(name)]))
			open += l.notFinal[name]
		}
		return append(row, sheet.Whole(open))
	})
}

// mostOf gives the longest bar of a table.
func mostOf[T any](all []T, n func(T) *int64) int64 {
	var most int64
	for _, one := range all {
		if m := n(one); m != nil {
			most = max(most, *m)
		}
	}
	return most
}

func failedDays(all []read.FailedDay) *sheet.Table {
	return sheet.Of("failures.days", all, func(d read.FailedDay) []sheet.Cell {
		messages := sheet.Count(d.Messages)
		if d.Reason != read.NoReason {
			path := pathOf("/explain", d.Vendor, d.Account, d.Day, "stage", string(d.Stage), "reason", d.Reason)
			messages = messages.To(path)
		}
		day := sheet.CellOf(d.Day).To(pathOf("/day", d.Vendor, d.Account, d.Day))
		return sheet.Row(day, d.Vendor, d.Account, d.State, d.Stage, d.Reason, messages)
	})
}
