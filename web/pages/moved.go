package pages

import (
	"context"
	"fmt"
	"math"

	"smsetl/read"
	"smsetl/web/pages/sheet"
)

// whatMoved says which accounts the change of the rate comes of, as etl compare does.
func (s *site) whatMoved(ctx context.Context, c choice) (section, error) {
	before, ok := c.before()
	out := section{ID: "moved", Heading: "What moved", Nav: []line{{Link: "By template", Href: c.to("/explore", "by", "template", "sort", "change")},
		{Link: "By country", Href: c.to("/explore", "by", "country", "sort", "change")}, {Link: "Why messages failed", Href: c.to("/failures", "country", "", "compare", "")}}}
	switch {
	case !ok:
		out.Lines = []line{{Text: "Nothing is compared: choose the days before, or last year."}}
		return out, nil
	case c.Country != "":
		out.Lines = []line{{Text: "Accounts are compared over all countries only.", Link: "All countries", Href: c.to("/", "country", "") + "#moved"}}
		return out, nil
	}
	change, err := s.warehouse.RateChange(ctx, read.Period{First: c.First, Last: c.Last}, read.Period{First: before.First, Last: before.Last}, "account", c.Vendor, c.Account)
	if err != nil {
		return section{}, err
	}
	out.Lines = movedLines(change)
	if all := change.Total; all.Points() != nil {
		out.Table = c.moved(change)
	}
	return out, nil
}

// movedLines says what is compared, and what is left out.
func movedLines(c read.RateChange) (lines []line) {
	if all := c.Total; all.Points() == nil {
		lines = append(lines, line{Text: "Nothing is compared: in one of the two periods nothing was requested, or nothing is loaded."})
	} else {
		lines = append(lines, line{Text: fmt.Sprintf("The rate went from %s to %s (%s), all loaded days counted. It is made of these accounts.",
			sheet.Percent(*all.RateWith), sheet.Percent(*all.RateThis), sheet.Against(100*(*all.RateThis-*all.RateWith)))})
	}
	if u := c.Unknown; u != nil {
		lines = append(lines, line{Text: fmt.Sprintf("Rows that do not report both requested and delivered are left out: %s now, %s before.", plural(u.RowsThis, "row"), plural(u.RowsWith, "row"))})
	}
	return lines
}

// moved has a line for each account, and one for all of them. What an account did is whole messages, of which points are made, rounded so that
// those shown add up in each line and in all of them.
func (c choice) moved(change read.RateChange) *sheet.Table {
	points := func(messages int64) float64 { return 100 * float64(messages) / float64(*change.Total.RequestedThis) }
	hundredths := func(messages int64) int64 { return int64(math.Round(100 * points(messages))) }
	row := func(first, vendor sheet.Cell, m read.Moved, together, own int64) []sheet.Cell {
		return sheet.Row(first, vendor, sheet.Ratio(m.DeliveredWith, m.RequestedWith), sheet.Ratio(m.DeliveredThis, m.RequestedThis),
			sheet.Signed(together-own, points(m.MixEffect)), sheet.Signed(own, points(m.RateEffect)), sheet.Signed(together, points(m.MixEffect+m.RateEffect)))
	}
	var messages, ofRates int64
	t := sheet.Of("overview.moved", change.Members, func(m read.Moved) []sheet.Cell {
		before, own := hundredths(messages), hundredths(m.RateEffect)
		messages, ofRates = messages+m.MixEffect+m.RateEffect, ofRates+own
		to := c.fixed("/explore", string(m.Vendor), "account", m.Member, "by", "template", "compare", c.compare)
		return row(sheet.Text(m.Member).To(to), sheet.CellOf(m.Vendor), m, hundredths(messages)-before, own)
	})
	t.Sum = row(sheet.Text("all"), sheet.Cell{}, change.Total, hundredths(messages), ofRates)
	return t
}
