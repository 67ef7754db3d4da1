package pages

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/chart"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
)

// months is how many the overview shows, the present one among them: the same month of last year is the first.
const months = 13

// refreshOverview is how often the start page is asked for again while something is loaded. It is read, not watched.
const refreshOverview = 10 * time.Second

// overview is the start page: how much is sent, how much arrives, what fails, and how far the data is to be trusted.
func (s *site) overview(ctx context.Context, q *query) (view, error) {
	again := q.again(refreshOverview)
	c, err := s.choice(ctx, q, "/")
	if err != nil {
		return view{}, err
	}
	if c.Country = q.text("country"); c.Country != "" {
		if isKnown, err := s.warehouse.IsCountry(ctx, c.Country); err != nil || !isKnown {
			q.wrong("there is no country %q: want a code such as CN", c.Country)
			return view{}, q.err
		}
	}
	o, err := s.warehouse.Overview(ctx, thisMonth(c.last, 1-months), thisMonth(c.last, 0))
	if err != nil {
		return view{}, err
	}
	now, err := s.warehouse.Days(ctx, c.Filter)
	if err != nil {
		return view{}, err
	}
	var before []read.DayNumbers
	if f, ok := c.before(); ok {
		if before, err = s.warehouse.Days(ctx, f); err != nil {
			return view{}, err
		}
	}
	runs, err := s.warehouse.Runs(ctx, shownRuns)
	if err != nil {
		return view{}, err
	}
	moved, err := s.whatMoved(ctx, c)
	if err != nil {
		return view{}, err
	}
	v := view{Title: "Overview", Lead: c.days() + ".", Form: c.form().comparing(c.compare), Trust: trusted(o)}
	v.Form.Texts = append(v.Form.Texts, field{Label: "Country", Name: "country", Value: c.Country})
	v.Form.Hidden = slices.DeleteFunc(v.Form.Hidden, func(f field) bool { return f.Name == "country" })
	if bars := s.underWay(runs); len(bars) > 0 {
		v.Refresh = again
		for _, b := range bars {
			v.Trust = append(v.Trust, trust{line: line{Text: b.Label, Href: "/runs", Link: "All runs"}, bar: b})
		}
		v.Trust = append(v.Trust, trust{line: againLine(c.to("/"), again)})
	}
	v.Sections = []section{
		{Cards: cards(c, now, before)}, {ID: "daily", Heading: "Delivery rate and messages by day", Chart: c.chart(now), Nav: []line{
			{Link: "These days as a table", Href: c.to("/days")}, {Link: "By template", Href: c.to("/explore", "by", "template")},
			{Link: "Most failed templates", Href: c.to("/explore", "by", "template", "sort", "-failed", "measure", "failed")},
			{Link: "Changed since Monday", Href: href("/restatements", "since", monday(c.last+1).String())},
			{Link: "What they cost", Href: c.to("/costs")},
		}},
		moved, {ID: "months", Heading: "Month by month", Table: pivot(o.Months)},
		{ID: "files", Heading: "As a file", IsFile: true, Table: monthsTable(o.Months)},
	}
	return v, nil
}

// thisMonth gives the first day of the month that comes so many after the one of today; last is yesterday.
func thisMonth(last sms.Day, more int) sms.Day {
	t := (last + 1).UTC()
	return sms.Date(t.Year(), t.Month()+time.Month(more), 1)
}

// monday gives the Monday of the week that a day is in.
func monday(d sms.Day) sms.Day { return d - sms.Day((int(d.UTC().Weekday())+6)%7) }

// chart draws the chosen days: a line for each vendor, and how much was requested.
func (c choice) chart(now []read.DayNumbers) *chart.Chart {
	names, _ := namesOf(c.accounts)
	d := chart.Days{Title: "Delivery rate by vendor and day", First: c.First, Unit: "messages", Form: sheet.Percent, Count: func(n float64) string { return sheet.Grouped(int64(n)) }}
	for i, name := range names {
		if c.Vendor != "" && string(c.Vendor) != name {
			continue
		}
		one := chart.Line{Name: name, Class: class(i)}
		for _, day := range c.byDay(now, name) {
			one.Values = append(one.Values, day.rate())
		}
		d.Lines = append(d.Lines, one)
	}
	for _, day := range c.byDay(now, "") {
		d.Volume = append(d.Volume, number(day.requested))
	}
	return chart.New(d)
}

// trust is one thing that numbers are to be trusted by.
type trust struct {
	line
	bar
}

// trusted says in one line whether anything is not there, or not as it should be.
func trusted(o read.Overview) []trust {
	counts, days, last := mark.Counts{}, int64(0), (*sms.Day)(nil)
	var none []string // sources of which something was never loaded
	for _, s := range o.Sources {
		counts.Add(s.Counts)
		days += s.OpenDays
		switch {
		case s.LoadedTo == nil:
			none = append(none, s.Source)
		case last == nil || *s.LoadedTo < *last:
			last = s.LoadedTo
		}
	}
	var all []trust
	say := func(isBad bool, link, href, form string, arguments ...any) {
		all = append(all, trust{line: line{Text: fmt.Sprintf(form, arguments...), Bad: isBad, Link: link, Href: href}})
	}
	switch word := "Complete"; {
	case counts.Total() == 0:
		say(false, "", "", "Nothing is loaded yet. `etl run` loads what is due now, `etl serve` when a schedule says so; `etl status` shows what is missing.")
	case last != nil:
		if days > 0 || counts.Of(mark.IsUnsure) > 0 {
			word = "Loaded"
		}
		say(false, "", "", "%s to %s", word, span(*last, *last))
	}
	if len(none) > 0 {
		say(true, "", "", "No day of a dataset of %s is loaded", strings.Join(none, ", "))
	}
	if days > 0 {
		say(true, "Which", "/coverage#attention", "%s need attention", plural(days, "day"))
	}
	if n := counts[sms.Unverified]; n > 0 {
		say(false, "Which", "/coverage#numbers", "No data at the vendor for %s: before an account began or no longer kept", plural(n, "dataset day"))
	}
	if n := counts.Of(mark.IsUnsure) - counts[sms.Unverified]; n > 0 {
		say(false, "Which", "/coverage#numbers", "%s in a state that is newer than this program", plural(n, "dataset day"))
	}
	if n := o.Findings[sms.Error]; n > 0 {
		say(true, "Findings", "/findings", "%s of %s open", plural(n, "error"), plural(n+o.Findings[sms.Warning]+o.Findings[sms.Info], "finding"))
	}
	for _, l := range pauseLines(o.Pauses, "") {
		all = append(all, trust{line: l})
	}
	return all
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return sheet.Grouped(n) + " " + word + "s"
}

func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
}

func sourcesTable(sources []read.SourceState, pauses []queue.Pause) *sheet.Table {
	counts := mark.Counts{}
	for _, s := range sources {
		counts.Add(s.Counts)
	}
	states := slices.DeleteFunc(counts.Marks(), func(m mark.Mark) bool { return m.State == sms.NotDue })
	return sheet.Fill(sheet.New("overview.sources", sheet.StateColumns(states)...), sources, func(s read.SourceState) []sheet.Cell {
		name := sheet.Text(s.Source).To(href("/coverage", "vendor", string(s.Vendor)))
		row := sheet.Row(name, s.Vendor, pausedCell(s.Source, pauses), s.LoadedTo, s.ConfirmedAt, s.FirstOpen, s.Days)
		return append(row, sheet.StateRow(s.Counts, states)...)
	})
}

// pausedCell says that nobody asks a source.
func pausedCell(source string, pauses []queue.Pause) sheet.Cell {
	for _, p := range pauses {
		if p.Source == source || p.Source == "" && p.Queue == source {
			return sheet.Text(fmt.Sprintf("since %s UTC", sheet.CellOf(p.Since).Show)).WrongIf(true)
		}
	}
	return sheet.Text("no")
}

func number(n *int64) *float64 {
	if n == nil {
		return nil
	}
	return new(float64(*n))
}

// pivot has a line a month, the newest first, and beside all vendors together the columns of each. What is sorted by vendor and month
// comes in; a month of which no day is expected has no line.
func pivot(all []read.VendorMonth) *sheet.Table {
	t := sheet.New("overview.pivot")
	byMonth := map[sms.Day][]read.VendorMonth{}
	var names []string
	for _, m := range all {
		if !slices.Contains(names, string(m.Vendor)) {
			names = append(names, string(m.Vendor))
			t.Columns = append(t.Columns, sheet.Columns(">"+string(m.Vendor)+" requested", ">"+string(m.Vendor)+" rate")...)
		}
		byMonth[m.Month] = append(byMonth[m.Month], m)
	}
	t.Columns = append(t.Columns, sheet.Columns(">not final days", "state")...)
	for _, m := range slices.Backward(slices.Sorted(maps.Keys(byMonth))) {
		if row := pivotRow(m, byMonth[m], joined(byMonth[m]), joined(byMonth[(m-1).Month()])); row != nil {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// joined is a month of all vendors. Vendors of which no day is loaded are left out; the state says that days are missing.
func joined(all []read.VendorMonth) (sum read.VendorMonth) {
	isFirst := true
	for _, m := range all {
		sum.Days, sum.LoadedDays, sum.NotFinal = sum.Days+m.Days, sum.LoadedDays+m.LoadedDays, sum.NotFinal+m.NotFinal
		switch {
		case m.LoadedDays == 0:
		case isFirst:
			sum.Requested, sum.Delivered, isFirst = m.Requested, m.Delivered, false
			sum.ProcessingFailed, sum.SendFailed = m.ProcessingFailed, m.SendFailed
		default:
			sum.Requested, sum.Delivered = sheet.Plus(sum.Requested, m.Requested), sheet.Plus(sum.Delivered, m.Delivered)
			sum.ProcessingFailed, sum.SendFailed = sheet.Plus(sum.ProcessingFailed, m.ProcessingFailed), sheet.Plus(sum.SendFailed, m.SendFailed)
		}
	}
	return sum
}

func pivotRow(at sms.Day, all []read.VendorMonth, sum, before read.VendorMonth) []sheet.Cell {
	if sum.Days == 0 && sum.LoadedDays == 0 {
		return nil
	}
	to := func(path string, vendor sms.Vendor) string {
		return href(path, "vendor", string(vendor), "from", at.String(), "to", read.Month(at).Last.String())
	}
	row := sheet.Row(sheet.Month(at).To(to("/", "")), sheet.Count(sum.Requested).To(to("/days", "")), sheet.Ratio(sum.Delivered, sum.Requested).To(to("/", "")),
		sheet.Points(sheet.Share(sum.Delivered, sum.Requested), sheet.Share(before.Delivered, before.Requested)))
	for _, m := range all {
		row = append(row, sheet.Count(m.Requested).To(to("/days", m.Vendor)), sheet.Ratio(m.Delivered, m.Requested).To(to("/", m.Vendor)))
	}
	state := sheet.Text("final")
	if sum.NotFinal > 0 || sum.LoadedDays < sum.Days {
		state = sheet.Text(whyMonth(sum)).WrongIf(sum.LoadedDays < sum.Days)
	}
	return append(row, sheet.Whole(sum.NotFinal), state.To(href("/coverage", "year", at.String()[:4])))
}

func monthsTable(all []read.VendorMonth) *sheet.Table {
	return sheet.Of("overview.months", all, func(m read.VendorMonth) []sheet.Cell {
		return sheet.Row(sheet.Month(m.Month), m.Vendor, m.LoadedDays, m.Days, m.NotFinal, m.Requested, m.Delivered, sheet.Ratio(m.Delivered, m.Requested),
			m.ProcessingFailed, m.SendFailed, whyMonth(m))
	})
}

// whyMonth says why a month has no number, or one that may change.
func whyMonth(m read.VendorMonth) string {
	switch {
	case m.Days == 0:
		return "no day is expected"
	case m.LoadedDays == 0:
		return "no day is loaded"
	}
	var parts []string
	if m.LoadedDays < m.Days {
		parts = append(parts, fmt.Sprintf("%s of %s days are not loaded", sheet.Grouped(m.Days-m.LoadedDays), sheet.Grouped(m.Days)))
	}
	if later := m.NotFinal - (m.Days - m.LoadedDays); later > 0 {
		parts = append(parts, fmt.Sprintf("%s loaded days are not final", sheet.Grouped(later)))
	}
	if m.Requested == nil || m.Delivered == nil || m.ProcessingFailed == nil || m.SendFailed == nil {
		parts = append(parts, "a dash means that a part is not reported or there were no messages")
	}
	return strings.Join(parts, "; ")
}
