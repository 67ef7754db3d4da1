package pages

import (
	"context"
	"strconv"

	"smsetl/load"
)

// failures are failed messages by reason and by category.
func (s *site) failures(ctx context.Context, q query) (view, error) {
	reason := q.text("reason")
	accounts, f, err := s.choice(ctx, q, 90)
	if err != nil {
		return view{}, err
	}
	all, err := s.warehouse.Failures(ctx, f, reason)
	if err != nil {
		return view{}, err
	}
	v := view{
		Title: "Failures", Lead: "Why messages failed, from " + f.First.String() + " to " + f.Last.String() + ". Vendors name reasons differently: compare categories.",
		Form: filterForm("/failures", f, accounts),
	}
	if reason != "" {
		v.Title = "Failures: " + reason
		v.Form.Reason = reason
		v.Sections = append(v.Sections, section{Heading: "By day", Table: failedDays(all.Days)})
	}
	v.Sections = append(v.Sections,
		section{Heading: "By category", Table: categoriesTable(all.Categories, f)},
		section{ID: "reasons", Heading: "By reason", Table: reasonsTable(all.Reasons, f)})
	return v, nil
}

func reasonsTable(all []load.FailedReason, f load.LookFilter) *table {
	t := &table{
		Name: "reasons", Caption: "Failed messages by the vendor's reason, the most frequent first",
		Columns: columns("vendor", "stage", "reason", "category", ">messages"), Empty: "Nothing failed in these days, or nothing is loaded of them.", Note: "A reason leads to its days. A dash is a reason that the vendor names without a number.",
	}
	most := mostOf(all, func(r load.FailedReason) *int64 { return r.Messages })
	for _, r := range all {
		days := href("/failures", "vendor", string(r.Vendor), "account", f.Account, "reason", r.Reason, "from", f.First.String(), "to", f.Last.String())
		t.Rows = append(t.Rows, []cell{text(string(r.Vendor)), text(string(r.Stage)), text(r.Reason).to(days), text(r.Category), count(r.Messages).to(days).bar(most)})
	}
	return t
}

func categoriesTable(all []load.FailedCategory, f load.LookFilter) *table {
	t := &table{
		Name: "categories", Caption: "Failed messages by category and vendor, the most frequent category first", Columns: columns("category", "vendor", ">messages"),
		Note: "A number leads to the vendor's reasons.", Empty: "Nothing failed in these days, or nothing is loaded of them.",
	}
	most := mostOf(all, func(c load.FailedCategory) *int64 { return c.Messages })
	for _, c := range all {
		reasons := href("/failures", "vendor", string(c.Vendor), "account", f.Account, "from", f.First.String(), "to", f.Last.String()) + "#reasons"
		t.Rows = append(t.Rows, []cell{text(c.Category), text(string(c.Vendor)), count(c.Messages).to(reasons).bar(most)})
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

func failedDays(all []load.FailedDay) *table {
	t := &table{
		Name: "days", Caption: "Failed messages by day and account, the newest first", Columns: columns("day", "vendor", "account", "stage", "reason", ">messages"),
		Note: "Each number leads to where it comes from.",
	}
	for _, d := range all {
		at := []string{"vendor", string(d.Vendor), "account", d.Account, "date", d.Day.String()}
		t.Rows = append(t.Rows, []cell{
			day(&d.Day).to(href("/day", at...)), text(string(d.Vendor)), text(d.Account), text(string(d.Stage)), text(d.Reason),
			count(d.Messages).to(href("/explain", append(at, "stage", string(d.Stage), "reason", d.Reason)...)),
		})
	}
	return t
}
