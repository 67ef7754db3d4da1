package pages

import (
	"context"

	"smsetl/load"
	"smsetl/sms"
)

// days are the numbers of each day and account.
func (s *site) days(ctx context.Context, q query) (view, error) {
	accounts, f, err := s.choice(ctx, q, 30)
	if err != nil {
		return view{}, err
	}
	all, err := s.warehouse.Days(ctx, f)
	if err != nil {
		return view{}, err
	}
	return view{
		Title: "Days", Lead: "The sums of each day and account. Each number leads to where it comes from.",
		Form: filterForm("/days", f, accounts), Sections: []section{{Table: daysTable(all)}},
	}, nil
}

// choice reads the filter of a page that shows so many days when nothing else is asked for.
func (s *site) choice(ctx context.Context, q query, last int) ([]load.KnownAccount, load.LookFilter, error) {
	accounts, err := s.warehouse.Accounts(ctx)
	if err != nil {
		return nil, load.LookFilter{}, err
	}
	today := sms.DayOf(s.now().UTC())
	f, err := q.filter(accounts, today-sms.Day(last), today)
	return accounts, f, err
}

func daysTable(all []load.DayNumbers) *table {
	t := &table{
		Name: "days", Caption: "Messages by day and account", Empty: "Nothing is loaded of these days.",
		Columns: columns("day", "vendor", "account", ">requested", ">accepted", ">processing failed", ">delivered", ">delivery rate", ">send failed", ">pending", ">billed segments", ">vendor sent", ">rows"),
		Note:    "Billed segments are segments, everything else is messages. A dash is not reported.",
	}
	for _, d := range all {
		at := []string{"vendor", string(d.Vendor), "account", d.Account, "date", d.Day.String()}
		explain := func(c cell, measure string) cell {
			return c.to(href("/explain", append(at[:6:6], "measure", measure)...))
		}
		t.Rows = append(t.Rows, []cell{
			day(&d.Day).to(href("/day", at...)), text(string(d.Vendor)), text(d.Account),
			explain(count(d.Requested), "requested"), explain(count(d.Accepted), "accepted"), explain(count(d.ProcessingFailed), "processing_failed"),
			explain(count(d.Delivered), "delivered"), explain(ratio(d.Delivered, d.Requested), "delivered"), explain(count(d.SendFailed), "send_failed"),
			explain(count(d.Pending), "pending"), explain(count(d.BilledSegments), "billed_segments"), explain(count(d.VendorSent), "vendor_sent"), whole(d.Rows),
		})
	}
	return t
}
