package pages

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/sheet"
)

// rowsOfPage is how many lines a page of the explorer has; its files have all.
const rowsOfPage = 50

// explored are the sums that can be explored, with what they are called in addresses and headings.
var explored = []struct {
	name string
	of   func(read.Part) *int64
}{
	{"requested", func(p read.Part) *int64 { return p.Requested }},
	{"delivered", func(p read.Part) *int64 { return p.Delivered }},
	{"failed", func(p read.Part) *int64 { return p.Failed }},
	{"pending", func(p read.Part) *int64 { return p.Pending }},
	{"billed_segments", func(p read.Part) *int64 { return p.BilledSegments }},
}

// exploring is what the explorer is asked for.
type exploring struct {
	choice

	by       string
	measure  func(read.Part) *int64
	name     string // of the measure
	sort     string // a column, with a leading - for the largest first
	page     int64
	question read.Breakdown
}

// explore breaks deliveries down by one thing.
func (s *site) explore(ctx context.Context, q *query) (view, error) {
	x, err := s.exploring(ctx, q)
	if err != nil {
		return view{}, err
	}
	all, err := s.warehouse.Explore(ctx, x.question)
	if err != nil {
		return view{}, err
	}
	settled, err := s.warehouse.Settled(ctx, x.Filter)
	if err != nil {
		return view{}, err
	}
	things := x.by + "s"
	if x.by == "country" {
		things = "countries"
	}
	v := view{Title: "Explore", Lead: upper(sheet.Spaced(x.name)) + " by " + x.by + ", " + x.days() + ".", Form: x.form().comparing(x.compare)}
	var names []option
	for i, m := range explored {
		names = append(names, option{m.name, upper(sheet.Spaced(m.name))})
		if i == 0 {
			names[0].Value = ""
		}
	}
	v.Form.Selects = append(v.Form.Selects, field{"Share and bars of", "measure", x.kept.Get("measure"), names})
	v.Form.Hidden = slices.DeleteFunc(v.Form.Hidden, func(f field) bool { return f.Name == "measure" })
	part := section{ID: "parts", Heading: fmt.Sprintf("%s %s", sheet.Grouped(int64(len(all))), things), SQL: x.question.SQL(), Lines: []line{settledLine(settled)}, Table: x.table(all, q.format().kind != "")}
	if len(all) == 1 {
		part.Heading = "1 " + x.by
	}
	for _, by := range read.Breakdowns {
		part.Nav = append(part.Nav, line{Link: "By " + by, Href: x.to("/explore", "by", by, "sort", "", "page", ""), IsHere: by == x.by})
	}
	part.Nav = append(part.Nav, line{Link: "By reason", Href: x.fixed("/failures", string(x.Vendor), "country", "")})
	for _, name := range []string{"country", "template", "label", "type"} {
		if value := x.kept.Get(name); value != "" {
			part.Lines = append(part.Lines, line{Text: "Only the " + name + " " + value + ".", Link: "Show all", Href: x.to("/explore", name, "", "page", "")})
		}
	}
	v.Sections = []section{part}
	return v, nil
}

func (s *site) exploring(ctx context.Context, q *query) (x exploring, err error) {
	x.by = cmp.Or(q.oneOf("by", read.Breakdowns...), "vendor")
	x.name = cmp.Or(q.oneOf("measure", "delivered", "failed", "pending", "billed_segments"), "requested")
	x.sort = q.text("sort")
	page := cmp.Or(q.text("page"), "1")
	if x.page, err = strconv.ParseInt(page, 10, 32); err != nil || x.page < 1 {
		q.wrong("page is %q: want a number from 1 on", page)
	}
	country, template, label, messageType := q.text("country"), q.text("template"), q.text("label"), q.text("type")
	if x.choice, err = s.choice(ctx, q, "/explore"); err != nil {
		return x, err
	}
	for _, m := range explored {
		if m.name == x.name {
			x.measure = m.of
		}
	}
	x.Country = country
	before, ok := x.before()
	if !ok || x.by == "day" || x.by == "month" {
		before = read.Filter{}
	}
	x.question = read.Breakdown{Filter: x.Filter, Before: before, By: x.by, Template: template, Label: label, MessageType: messageType}
	isColumn := slices.ContainsFunc(x.columns(), func(c sheet.Column) bool { return c.Name == strings.TrimPrefix(x.sort, "-") })
	if x.sort != "" && !isColumn {
		q.wrong("sort is %q: want the name of a column, with a - before it for the largest first", x.sort)
	}
	if x.sort == "" {
		x.sort = map[bool]string{true: x.by, false: "-" + x.name}[slices.Contains([]string{"weekday", "day", "month"}, x.by)]
	}
	return x, q.done()
}

func (x *exploring) columns() []sheet.Column {
	all := sheet.Columns(x.by)
	if x.by == "account" || x.by == "template" || x.by == "label" || x.by == "type" {
		all = append(all, sheet.Columns("vendor")...)
	}
	if x.by == "template" || x.by == "label" {
		all = append(all, sheet.Columns("account")...)
	}
	all = append(all, sheet.Columns(">requested", ">share", ">rate")...)
	if x.question.Before.First != 0 {
		all = append(all, sheet.Columns(">change")...)
	}
	return append(all, sheet.Columns(">delivered", ">failed", ">pending", ">billed segments")...)
}

// table has a line for each part, and one for all of them.
func (x *exploring) table(all []read.Part, isFile bool) *sheet.Table {
	t := sheet.New("explore.parts")
	t.Columns = x.columns()
	var sum read.Part
	for _, p := range all {
		sum = added(sum, p)
	}
	most := mostOf(all, x.measure)
	for _, p := range all {
		t.Rows = append(t.Rows, x.row(t.Columns, p, sum, most))
	}
	t.Sum = x.row(t.Columns, sum, sum, 0)
	for i, c := range t.Columns {
		if c.Name == x.by || c.Name == "vendor" || c.Name == "account" {
			t.Sum[i] = sheet.Cell{}
		}
		name, order := strings.TrimPrefix(x.sort, "-"), "ascending"
		to := map[bool]string{true: "-", false: ""}[c.IsNumber] + c.Name
		if c.Name == name {
			if strings.HasPrefix(x.sort, "-") {
				order, to = "descending", name
			} else {
				to = "-" + name
			}
			t.Columns[i].Order = order
			t.Sort(i, order == "descending")
		}
		t.Columns[i].Href = x.to("/explore", "sort", to, "page", "")
	}
	t.Sum[0] = sheet.Text("all")
	if len(all) == 0 {
		t.Sum = nil
	}
	if !isFile {
		x.cut(t)
	}
	return t
}

// cut leaves the lines of one page, and leads to the others.
func (x *exploring) cut(t *sheet.Table) {
	n := int64(len(t.Rows))
	first := min((x.page-1)*rowsOfPage, n)
	last := min(first+rowsOfPage, n)
	t.Rows = t.Rows[first:last]
	if n <= rowsOfPage {
		return
	}
	t.Note = fmt.Sprintf("Lines %s to %s of %s.", sheet.Grouped(first+1), sheet.Grouped(last), sheet.Grouped(n))
	for _, step := range []struct {
		by   int64
		text string
		is   bool
	}{{-1, "← Previous", x.page > 1}, {1, "Next →", last < n}} {
		if step.is {
			t.Pages = append(t.Pages, sheet.Step{Link: step.text, Href: x.to("/explore", "page", strconv.FormatInt(x.page+step.by, 10))})
		}
	}
}

func (x *exploring) row(columns []sheet.Column, p, sum read.Part, most int64) []sheet.Cell {
	to := x.narrowed(p)
	row := []sheet.Cell{sheet.Text(p.Name).To(to)}
	if p.Name == "" {
		row[0] = sheet.None
	}
	for _, c := range columns[1:] {
		var one sheet.Cell
		switch c.Name {
		case "vendor":
			one = sheet.Text(p.Vendor)
		case "account":
			one = sheet.Text(p.Account)
		case "share":
			one = sheet.Ratio(x.measure(p), x.measure(sum))
		case "rate":
			one = sheet.Ratio(p.Delivered, p.Requested)
		case "change":
			one = sheet.Points(sheet.Share(p.Delivered, p.Requested), sheet.Share(p.BeforeDelivered, p.BeforeRequested))
		default:
			one = x.sum(c.Name, p, most).To(to)
		}
		row = append(row, one)
	}
	return row
}

// sum is one of the sums of a part, with a bar when it is the measure.
func (x *exploring) sum(name string, p read.Part, most int64) sheet.Cell {
	for _, m := range explored {
		if m.name == name {
			one := sheet.Count(m.of(p))
			if name == x.name {
				one = one.WithBar(most)
			}
			return one
		}
	}
	return sheet.None
}

// narrowed leads to the parts of a part; a day of one account to where it comes from.
func (x *exploring) narrowed(p read.Part) string {
	to := func(by string, pairs ...string) string {
		return x.to("/explore", append(pairs, "by", by, "sort", "", "page", "")...)
	}
	switch x.by {
	case "vendor":
		return to("account", "vendor", p.Name)
	case "account":
		return to("template", "vendor", p.Vendor, "account", p.Account)
	case "template":
		return to("day", "vendor", p.Vendor, "account", p.Account, "template", p.Name)
	case "label":
		return to("template", "vendor", p.Vendor, "account", p.Account, "label", p.Name)
	case "type":
		return to("template", "vendor", p.Vendor, "type", p.Name)
	case "country":
		return to("template", "country", p.Name)
	case "month":
		if first, err := sms.ParseDay(p.Name + "-01"); err == nil {
			return to("day", "range", "", "from", max(first, x.First).String(), "to", min(read.Month(first).Last, x.Last).String())
		}
	case "day":
		if x.Account == "" {
			return to("account", "range", "", "from", p.Name, "to", p.Name)
		}
		if day, err := sms.ParseDay(p.Name); err == nil {
			found := matching(x.accounts, x.Vendor, x.Account)
			return pathOf("/explain", found[0].Vendor, x.Account, day, "template", x.question.Template, "label", x.question.Label,
				"message_type", x.question.MessageType, "country", x.Country)
		}
	}
	return ""
}

// added adds up two parts. A sum that one of them does not know is not known; one that sent nothing takes nothing from it.
func added(a, b read.Part) read.Part {
	now := func(x, y *int64) *int64 { return joinedSum(a.Rows, x, b.Rows, y) }
	before := func(x, y *int64) *int64 { return joinedSum(a.Before, x, b.Before, y) }
	return read.Part{
		Rows: a.Rows + b.Rows, Before: a.Before + b.Before,
		Requested: now(a.Requested, b.Requested), Delivered: now(a.Delivered, b.Delivered), Failed: now(a.Failed, b.Failed), Pending: now(a.Pending, b.Pending),
		BilledSegments: now(a.BilledSegments, b.BilledSegments), BeforeRequested: before(a.BeforeRequested, b.BeforeRequested),
		BeforeDelivered: before(a.BeforeDelivered, b.BeforeDelivered),
	}
}

// joinedSum adds up sums of so many rows each.
func joinedSum(rows int64, n *int64, more int64, m *int64) *int64 {
	switch {
	case rows == 0:
		return m
	case more == 0:
		return n
	}
	return sheet.Plus(n, m)
}
