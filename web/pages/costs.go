package pages

import (
	"context"

	"smsetl/read"
	"smsetl/web/pages/sheet"
)

// costs are what the traffic of some days costs by our prices. They are read from the facts, so they have a page of their own.
func (s *site) costs(ctx context.Context, q *query) (view, error) {
	country := q.text("country")
	c, err := s.choice(ctx, q, "/costs")
	if err != nil {
		return view{}, err
	}
	c.Country = country
	all, err := s.warehouse.VendorCosts(ctx, c.Filter)
	if err != nil {
		return view{}, err
	}
	return view{Title: "Costs", Lead: "What the messages of " + span(c.First, c.Last) + " cost by our own prices.", Form: c.form("country"), Sections: []section{{ID: "costs",
		Table: sheet.Of("costs.costs", all, func(c read.VendorCost) []sheet.Cell {
			return sheet.Row(c.Vendor, c.Currency, sheet.Amount(c.Cost), sheet.Amount(c.PerThousand), c.Requested, sheet.Ratio(c.Requested, c.All), c.Missing)
		})}}}, nil
}
