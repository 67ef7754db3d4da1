package pages

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"smsetl/read"
	"smsetl/web/pages/sheet"
)

// whatMoved says which accounts the change of the rate comes of. The rows add up to the change: a part is what its rate changed, at its mean
// share, and what its share changed, as far as its rate differs from that of all.
func (s *site) whatMoved(ctx context.Context, c choice) (section, error) {
	before, ok := c.before()
	out := section{ID: "moved", Heading: "What moved", Nav: []line{{Link: "By template", Href: c.to("/explore", "by", "template", "sort", "change")},
		{Link: "By country", Href: c.to("/explore", "by", "country", "sort", "change")}, {Link: "Why messages failed", Href: c.to("/failures", "country", "", "compare", "")}}}
	if !ok {
		out.Lines = []line{{Text: "Nothing is compared: choose the days before, or last year."}}
		return out, nil
	}
	all, err := s.warehouse.Explore(ctx, read.Breakdown{Filter: c.Filter, Before: before, By: "account"})
	if err != nil {
		return section{}, err
	}
	var sum read.Part
	known := all[:0]
	for _, p := range all {
		if (p.Rows == 0 || p.Requested != nil && p.Delivered != nil) && (p.Before == 0 || p.BeforeRequested != nil && p.BeforeDelivered != nil) {
			known = append(known, p)
			sum = added(sum, p)
		}
	}
	now, then := sheet.Share(sum.Delivered, sum.Requested), sheet.Share(sum.BeforeDelivered, sum.BeforeRequested)
	if now == nil || then == nil {
		out.Lines = []line{{Text: "Nothing is compared: of one of the two stretches no day is loaded."}}
		return out, nil
	}
	out.Lines = []line{{Text: fmt.Sprintf("The rate went from %s to %s (%s), all loaded days counted. It is made of these accounts.", sheet.Percent(*then), sheet.Percent(*now), sheet.Against(100*(*now-*then)))}}
	size := func(p read.Part) float64 {
		mix, rate := contribution(p, sum, (*now+*then)/2)
		return math.Abs(mix + rate)
	}
	slices.SortStableFunc(known, func(a, b read.Part) int { return cmp.Compare(size(b), size(a)) })
	out.Table = sheet.Of("overview.moved", known, func(p read.Part) []sheet.Cell {
		mix, rate := contribution(p, sum, (*now+*then)/2)
		to := c.fixed("/explore", p.Vendor, "account", p.Account, "by", "template", "compare", c.compare)
		return sheet.Row(sheet.Text(p.Account).To(to), p.Vendor, sheet.Ratio(p.BeforeDelivered, p.BeforeRequested), sheet.Ratio(p.Delivered, p.Requested), sheet.Signed(mix), sheet.Signed(rate), sheet.Signed(mix+rate))
	})
	out.Table.Sum = sheet.Row("all", sheet.Cell{}, sheet.Ratio(sum.BeforeDelivered, sum.BeforeRequested), sheet.Ratio(sum.Delivered, sum.Requested), sheet.Cell{}, sheet.Cell{}, sheet.Signed(100*(*now-*then)))
	return out, nil
}

// contribution gives what a part does to the rate of all, in points: by its share, and by its own rate. A part that is new or gone has no
// change of its rate.
func contribution(p, sum read.Part, mean float64) (mix, rate float64) {
	w1, w0 := part0(p.Requested, sum.Requested), part0(p.BeforeRequested, sum.BeforeRequested)
	r1, r0 := sheet.Share(p.Delivered, p.Requested), sheet.Share(p.BeforeDelivered, p.BeforeRequested)
	switch {
	case r1 == nil && r0 == nil:
		return 0, 0
	case r1 == nil:
		r1 = r0
	case r0 == nil:
		r0 = r1
	}
	return 100 * (w1 - w0) * ((*r1+*r0)/2 - mean), 100 * (w1 + w0) / 2 * (*r1 - *r0)
}

func part0(of, over *int64) float64 {
	if s := sheet.Share(of, over); s != nil {
		return *s
	}
	return 0
}
