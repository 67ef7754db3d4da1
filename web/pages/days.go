package pages

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
)

// days are the numbers of each day and account.
func (s *site) days(ctx context.Context, q *query) (view, error) {
	country := q.text("country")
	c, err := s.choice(ctx, q, "/days")
	if err != nil {
		return view{}, err
	}
	c.Country = country
	all, err := s.warehouse.Days(ctx, c.Filter)
	if err != nil {
		return view{}, err
	}
	return view{
		Title:    "Days",
		Lead:     "Totals of each day and account, " + span(c.First, c.Last) + ".",
		Form:     c.form("country"),
		Sections: []section{{Lines: []line{settledLine(mark.Count(all, func(d read.DayNumbers) sms.State { return d.State }))}, Table: daysTable(all)}},
	}, nil
}

// settledLine says how many of the days may still change or have no numbers.
func settledLine(counts mark.Counts) line {
	days, notFinal := sheet.Grouped(counts.Total()), counts.Of(mark.IsNotFinal)
	switch {
	case counts.Total() == 0:
		return line{Text: "No days match this filter."}
	case notFinal == 0:
		return line{Text: fmt.Sprintf("All %s account days are final.", days)}
	}
	text := fmt.Sprintf("%[2]s of %[1]s account days are not final: %[3]s.", days, sheet.Grouped(notFinal),
		sheet.StateWords(counts, mark.IsNotFinal))
	return line{Text: text, Bad: counts.Of(mark.IsOpen) > 0}
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

func daysTable(all []read.DayNumbers) *sheet.Table {
	return sheet.Of("days.days", all, func(d read.DayNumbers) []sheet.Cell {
		row := sheet.Row(sheet.CellOf(d.Day).To(pathOf("/day", d.Vendor, d.Account, d.Day)), d.Vendor, d.Account, d.State)
		for _, m := range measures {
			path := pathOf("/explain", d.Vendor, d.Account, d.Day, "measure", m.name)
			row = append(row, sheet.Count(m.of(d)).To(path))
			if m.name == "delivered" {
				row = append(row, sheet.Ratio(d.Delivered, d.Requested).To(path))
			}
		}
		rows := sheet.Whole(d.Rows)
		if d.Rows == 0 {
			rows = sheet.None
		}
		return append(row, rows, sheet.Text(whyDay(d)))
	})
}

// whyDay says why a day's numbers are not final, or not there.
func whyDay(d read.DayNumbers) string {
	var parts []string
	if !mark.IsFinal(d.State) || d.Rows == 0 {
		parts = append(parts, cmp.Or(d.Reason, mark.Of(d.State).About))
	}
	if d.Rows > 0 {
		var missing []string
		for _, m := range measures {
			if m.of(d) == nil {
				missing = append(missing, sheet.Spaced(m.name))
			}
		}
		if len(missing) > 0 {
			parts = append(parts, "not reported: "+strings.Join(missing, ", "))
		}
		if d.Requested != nil && *d.Requested == 0 {
			parts = append(parts, "no rate: nothing was requested")
		}
	}
	return strings.Join(parts, "; ")
}
