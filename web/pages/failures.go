package pages

import (
	"context"

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
		section{Heading: "By reason", Table: reasonsTable(all.Reasons, f)},
		section{Heading: "By category", Table: categoriesTable(all.Categories)})
	return v, nil
}

func reasonsTable(all []load.FailedReason, f load.LookFilter) *table {
	t := &table{
		Name: "reasons", Caption: "Failed messages by the vendor's reason, the most frequent first",
		Columns: columns("vendor", "stage", "reason", "category", ">messages"), Note: "A reason leads to its days. A dash is a reason that the vendor names without a number.",
	}
	for _, r := range all {
		days := href("/failures", "vendor", string(r.Vendor), "account", f.Account, "reason", r.Reason, "from", f.First.String(), "to", f.Last.String())
		t.Rows = append(t.Rows, []cell{text(string(r.Vendor)), text(string(r.Stage)), text(r.Reason).to(days), text(r.Category), count(r.Messages).to(days)})
	}
	return t
}

func categoriesTable(all []load.FailedCategory) *table {
	t := &table{Name: "categories", Caption: "Failed messages by category and vendor", Columns: columns("category", "vendor", ">messages")}
	for _, c := range all {
		t.Rows = append(t.Rows, []cell{text(c.Category), text(string(c.Vendor)), count(c.Messages)})
	}
	return t
}

func failedDays(all []load.FailedDay) *table {
	t := &table{
		Name: "days", Caption: "Failed messages by day and account, the newest first", Columns: columns("day", "vendor", "account", "stage", "reason", ">messages"),
		Note: "Each number leads to where it comes from.",
	}
	for _, d := range all {
		at := []string{"vendor", string(d.Vendor), "account", d.Account, "date", d.Day.String()}
		t.Rows = append(t.Rows, []cell{
			link(d.Day.String(), href("/day", at...)), text(string(d.Vendor)), text(d.Account), text(string(d.Stage)), text(d.Reason),
			count(d.Messages).to(href("/explain", append(at, "stage", string(d.Stage), "reason", d.Reason)...)),
		})
	}
	return t
}
