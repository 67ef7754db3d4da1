package pages

import (
	"context"
	"fmt"
	"strconv"

	"smsetl/read"
	"smsetl/sms"
)

// failures are failed messages by reason and by category.
func (s *site) failures(ctx context.Context, q *query) (view, error) {
	f := read.FailureFilter{Reason: q.text("reason"), Category: q.text("category"), Stage: q.stage()}
	accounts, days, err := s.choice(ctx, q, 90)
	if err != nil {
		return view{}, err
	}
	f.Filter = days
	all, err := s.warehouse.Failures(ctx, f)
	if err != nil {
		return view{}, err
	}
	v := view{
		Title: "Failures",
		Lead: fmt.Sprintf("Why messages failed, from %s to %s. Vendors name reasons differently: compare categories.",
			f.First, f.Last),
		Form: filterForm("/failures", days, accounts),
	}
	v.Form.Reason, v.Form.Category, v.Form.Stage = f.Reason, f.Category, string(f.Stage)
	switch {
	case f.Reason != "":
		v.Title = "Failures: " + f.Reason
		v.Sections = append(v.Sections, section{Heading: "By day", Table: failedDays(all.Days)})
	case f.Category != "":
		v.Title = "Failures: category " + f.Category
	default:
		v.Sections = append(v.Sections, section{
			ID: "totals", Heading: "In all", Lines: beyondLines(all.Totals), Table: totalsTable(all.Totals, days),
		})
	}
	// The days of each stage whose numbers may still change or are not there.
	notFinal := map[stageOf]int64{}
	for _, t := range all.Totals {
		notFinal[stageOf{t.Vendor, t.Stage}] = t.NotFinal
	}
	v.Sections = append(v.Sections,
		section{Heading: "By category", Table: categoriesTable(all.Categories, days, notFinal)},
		section{ID: "reasons", Heading: "By reason", Table: reasonsTable(all.Reasons, days, notFinal)})
	return v, nil
}

// stageOf names a stage of a vendor.
type stageOf struct {
	vendor sms.Vendor
	stage  sms.Stage
}

// beyondLines says where reasons tell of more than deliveries count.
func beyondLines(all []read.FailedTotal) []line {
	var lines []line
	for _, t := range all {
		if t.Beyond > 0 {
			lines = append(lines, line{Bad: true, Text: fmt.Sprintf("The reasons of %s in %s tell of %s more messages than its "+
				"deliveries count as failed: the two were told at different times, or one of them is not loaded.",
				t.Vendor, t.Stage, grouped(t.Beyond))})
		}
	}
	return lines
}

func totalsTable(all []read.FailedTotal, f read.Filter) *table {
	return tableOf("failures.totals", all, func(t read.FailedTotal) []cell {
		without := whole(t.Without)
		if t.Without > 0 {
			without = without.to(failuresOf(f, t.Vendor, t.Stage, "reason", read.NoReason))
		}
		beyond := whole(t.Beyond).wrongIf(t.Beyond > 0)
		return cells(t.Vendor, t.Stage, t.Failed, t.Named, without, beyond, t.Days, t.NotFinal)
	})
}

// failuresOf is the address of a part of the failures of a vendor in a stage.
func failuresOf(f read.Filter, vendor sms.Vendor, stage sms.Stage, name, value string) string {
	return href("/failures", "vendor", string(vendor), "account", f.Account, "stage", string(stage), name, value,
		"from", f.First.String(), "to", f.Last.String())
}

func reasonsTable(all []read.FailedReason, f read.Filter, notFinal map[stageOf]int64) *table {
	most := mostOf(all, func(r read.FailedReason) *int64 { return r.Messages })
	return tableOf("failures.reasons", all, func(r read.FailedReason) []cell {
		days := failuresOf(f, r.Vendor, r.Stage, "reason", r.Reason)
		return cells(r.Vendor, r.Stage, text(r.Reason).to(days), r.Category, count(r.Messages).to(days).bar(most),
			notFinal[stageOf{r.Vendor, r.Stage}])
	})
}

func categoriesTable(all []read.FailedCategory, f read.Filter, notFinal map[stageOf]int64) *table {
	most := mostOf(all, func(c read.FailedCategory) *int64 { return c.Messages })
	return tableOf("failures.categories", all, func(c read.FailedCategory) []cell {
		reasons := failuresOf(f, c.Vendor, c.Stage, "category", c.Category) + "#reasons"
		return cells(c.Category, c.Vendor, c.Stage, count(c.Messages).to(reasons).bar(most),
			notFinal[stageOf{c.Vendor, c.Stage}])
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

// bar draws the number beside itself, as a share of the largest.
func (c cell) bar(most int64) cell {
	if n, err := strconv.ParseInt(c.Raw, 10, 64); err == nil && most > 0 && n > 0 {
		c.Bar = max(1, int(100*n/most))
	}
	return c
}

func failedDays(all []read.FailedDay) *table {
	return tableOf("failures.days", all, func(d read.FailedDay) []cell {
		messages := count(d.Messages)
		if d.Reason != read.NoReason {
			path := pathOf("/explain", d.Vendor, d.Account, d.Day, "stage", string(d.Stage), "reason", d.Reason)
			messages = messages.to(path)
		}
		day := cellOf(d.Day).to(pathOf("/day", d.Vendor, d.Account, d.Day))
		return cells(day, d.Vendor, d.Account, d.State, d.Stage, d.Reason, messages)
	})
}
