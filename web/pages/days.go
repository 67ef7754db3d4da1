package pages

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"smsetl/read"
	"smsetl/sms"
)

// days are the numbers of each day and account.
func (s *site) days(ctx context.Context, q *query) (view, error) {
	accounts, f, err := s.choice(ctx, q, 30)
	if err != nil {
		return view{}, err
	}
	all, err := s.warehouse.Days(ctx, f)
	if err != nil {
		return view{}, err
	}
	return view{
		Title:    "Days",
		Lead:     "The sums of each day and account, as far as they are known. Each number leads to where it comes from.",
		Form:     filterForm("/days", f, accounts),
		Sections: []section{{Lines: []line{settledLine(all)}, Table: daysTable(all)}},
	}, nil
}

// choice reads the filter of a page that shows so many days when nothing else is asked for.
func (s *site) choice(ctx context.Context, q *query, last int) ([]read.KnownAccount, read.Filter, error) {
	accounts, err := s.warehouse.Accounts(ctx)
	if err != nil {
		return nil, read.Filter{}, err
	}
	today := sms.DayOf(s.now().UTC())
	f, err := q.filter(accounts, today-sms.Day(last), today)
	return accounts, f, err
}

// settledLine says how many of the days may still change or have no numbers.
func settledLine(all []read.DayNumbers) line {
	counts := countStates(all, func(d read.DayNumbers) sms.State { return d.State })
	days, notFinal := grouped(counts.total()), counts.of(isNotFinal)
	switch {
	case len(all) == 0:
		return line{Text: "No day of this choice is expected or loaded."}
	case notFinal == 0:
		return line{Text: fmt.Sprintf("All %s days of accounts are final.", days)}
	}
	text := fmt.Sprintf("Of %s days of accounts %s are not final: %s.", days, grouped(notFinal), counts.words(isNotFinal))
	return line{Text: text, Bad: counts.of(isOpen) > 0}
}

// measures are the numbers of a day, with their names in files. The rate stands behind what is delivered.
var measures = []struct {
	name string
	of   func(read.DayNumbers) *int64
}{
	{"requested", func(d read.DayNumbers) *int64 { return d.Requested }},
	{"accepted", func(d read.DayNumbers) *int64 { return d.Accepted }},
	{"processing_failed", func(d read.DayNumbers) *int64 { return d.ProcessingFailed }},
	{"delivered", func(d read.DayNumbers) *int64 { return d.Delivered }},
	{"send_failed", func(d read.DayNumbers) *int64 { return d.SendFailed }},
	{"pending", func(d read.DayNumbers) *int64 { return d.Pending }},
	{"billed_segments", func(d read.DayNumbers) *int64 { return d.BilledSegments }},
	{"vendor_sent", func(d read.DayNumbers) *int64 { return d.VendorSent }},
}

func daysTable(all []read.DayNumbers) *table {
	return tableOf("days.days", all, func(d read.DayNumbers) []cell {
		row := cells(cellOf(d.Day).to(pathOf("/day", d.Vendor, d.Account, d.Day)), d.Vendor, d.Account, d.State)
		for _, m := range measures {
			path := pathOf("/explain", d.Vendor, d.Account, d.Day, "measure", m.name)
			row = append(row, count(m.of(d)).to(path))
			if m.name == "delivered" {
				row = append(row, ratio(d.Delivered, d.Requested).to(path))
			}
		}
		rows := whole(d.Rows)
		if d.Rows == 0 {
			rows = none
		}
		return append(row, rows, text(whyDay(d)))
	})
}

// whyDay says why a day's numbers are not final, or not there.
func whyDay(d read.DayNumbers) string {
	var parts []string
	if !isFinal(d.State) || d.Rows == 0 {
		parts = append(parts, cmp.Or(d.Reason, markOf(d.State).about))
	}
	if d.Rows > 0 {
		var missing []string
		for _, m := range measures {
			if m.of(d) == nil {
				missing = append(missing, spaced(m.name))
			}
		}
		if len(missing) > 0 {
			parts = append(parts, "not reported: "+strings.Join(missing, ", "))
		}
		if d.Requested != nil && *d.Requested == 0 {
			parts = append(parts, "no rate of nothing requested")
		}
	}
	return strings.Join(parts, "; ")
}
