package pages

import (
	"context"
	"fmt"
	"strconv"

	"smsetl/read"
	"smsetl/sms"
)

// failures are failed messages by reason and by category.
func (s *site) failures(ctx context.Context, q query) (view, error) {
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
		Title: "Failures", Lead: "Why messages failed, from " + f.First.String() + " to " + f.Last.String() + ". Vendors name reasons differently: compare categories.",
		Form: filterForm("/failures", f.Filter, accounts),
	}
	v.Form.Reason, v.Form.Category, v.Form.Stage = f.Reason, f.Category, string(f.Stage)
	switch {
	case f.Reason != "":
		v.Title = "Failures: " + f.Reason
		v.Sections = append(v.Sections, section{Heading: "By day", Table: failedDays(all.Days)})
	case f.Category != "":
		v.Title = "Failures: category " + f.Category
	default:
		v.Sections = append(v.Sections, section{ID: "totals", Heading: "In all", Lines: beyondLines(all.Totals), Table: totalsTable(all.Totals, f.Filter)})
	}
	notFinal := notFinalOf(all.Totals)
	v.Sections = append(v.Sections,
		section{Heading: "By category", Table: categoriesTable(all.Categories, f.Filter, notFinal)},
		section{ID: "reasons", Heading: "By reason", Table: reasonsTable(all.Reasons, f.Filter, notFinal)})
	return v, nil
}

// stageOf names a stage of a vendor.
type stageOf struct {
	vendor sms.Vendor
	stage  sms.Stage
}

// notFinalOf counts the days of each stage whose numbers may still change or are not there.
func notFinalOf(all []read.FailedTotal) map[stageOf]int64 {
	counts := map[stageOf]int64{}
	for _, t := range all {
		counts[stageOf{t.Vendor, t.Stage}] = t.NotFinal
	}
	return counts
}

// beyondLines says where reasons tell of more than deliveries count.
func beyondLines(all []read.FailedTotal) []line {
	var lines []line
	for _, t := range all {
		if t.Beyond > 0 {
			lines = append(lines, line{Bad: true, Text: fmt.Sprintf(
				"The reasons of %s in %s tell of %s more messages than its deliveries count as failed: the two were told at different times, or one of them is not loaded.",
				t.Vendor, t.Stage, grouped(t.Beyond))})
		}
	}
	return lines
}

func totalsTable(all []read.FailedTotal, f read.Filter) *table {
	t := &table{
		Name: "totals", Caption: "Failed messages as deliveries count them, and how much of it reasons explain", Empty: "Nothing is expected or loaded of these days.",
		Columns: columns("vendor", "stage", ">failed", ">with a reason", ">without a reason", ">more than counted", ">days", ">days not final"),
		Note:    "Failed is what has a reason and what has none, less what reasons tell of more than deliveries count. A dash: deliveries do not tell it, or none is loaded.",
	}
	for _, one := range all {
		without := whole(one.Without)
		if one.Without > 0 {
			without = without.to(failuresOf(f, one.Vendor, one.Stage, "reason", read.NoReason))
		}
		t.Rows = append(t.Rows, []cell{
			text(string(one.Vendor)), text(string(one.Stage)), count(one.Failed), whole(one.Named), without, whole(one.Beyond).wrongIf(one.Beyond > 0),
			whole(one.Days), whole(one.NotFinal),
		})
	}
	return t
}

// failuresOf is the address of a part of the failures of a vendor in a stage.
func failuresOf(f read.Filter, vendor sms.Vendor, stage sms.Stage, name, value string) string {
	return href("/failures", "vendor", string(vendor), "account", f.Account, "stage", string(stage), name, value, "from", f.First.String(), "to", f.Last.String())
}

// stage reads the parameter of that name; empty for both.
func (q query) stage() sms.Stage {
	stage := sms.Stage(q.text("stage"))
	if stage != "" && stage != sms.Processing && stage != sms.Sending {
		q.wrong("stage is %q: want processing or sending", stage)
	}
	return stage
}

func reasonsTable(all []read.FailedReason, f read.Filter, notFinal map[stageOf]int64) *table {
	t := &table{
		Name: "reasons", Caption: "Failed messages by the vendor's reason, the most frequent first",
		Columns: columns("vendor", "stage", "reason", "category", ">messages", ">days not final"), Empty: "Nothing failed in these days, or nothing is loaded of them.",
		Note: "A reason leads to its days. A dash is a reason that the vendor names without a number: its messages are among those of no reason.",
	}
	most := mostOf(all, func(r read.FailedReason) *int64 { return r.Messages })
	for _, r := range all {
		days := failuresOf(f, r.Vendor, r.Stage, "reason", r.Reason)
		t.Rows = append(t.Rows, []cell{
			text(string(r.Vendor)), text(string(r.Stage)), text(r.Reason).to(days), text(r.Category), count(r.Messages).to(days).bar(most),
			whole(notFinal[stageOf{r.Vendor, r.Stage}]),
		})
	}
	return t
}

func categoriesTable(all []read.FailedCategory, f read.Filter, notFinal map[stageOf]int64) *table {
	t := &table{
		Name: "categories", Caption: "Failed messages by category and vendor, the most frequent category first",
		Columns: columns("category", "vendor", "stage", ">messages", ">days not final"),
		Note:    "A number leads to the vendor's reasons of the category.", Empty: "Nothing failed in these days, or nothing is loaded of them.",
	}
	most := mostOf(all, func(c read.FailedCategory) *int64 { return c.Messages })
	for _, c := range all {
		reasons := failuresOf(f, c.Vendor, c.Stage, "category", c.Category) + "#reasons"
		t.Rows = append(t.Rows, []cell{
			text(c.Category), text(string(c.Vendor)), text(string(c.Stage)), count(c.Messages).to(reasons).bar(most), whole(notFinal[stageOf{c.Vendor, c.Stage}]),
		})
	}
	return t
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
	t := &table{
		Name: "days", Caption: "Failed messages by day and account, the newest first", Columns: columns("day", "vendor", "account", "state", "stage", "reason", ">messages"),
		Note: "Each number of a reason leads to where it comes from.",
	}
	for _, d := range all {
		at := []string{"vendor", string(d.Vendor), "account", d.Account, "date", d.Day.String()}
		messages := count(d.Messages)
		if d.Reason != read.NoReason {
			messages = messages.to(href("/explain", append(at[:6:6], "stage", string(d.Stage), "reason", d.Reason)...))
		}
		t.Rows = append(t.Rows, []cell{
			day(&d.Day).to(href("/day", at...)), text(string(d.Vendor)), text(d.Account), state(d.State), text(string(d.Stage)), text(d.Reason), messages,
		})
	}
	return t
}
