package pages

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
)

// calendar is a year of one account, of all of its datasets or of one: a line a month, a cell a day.
type calendar struct {
	Label  string
	Past   string // the id of what comes after it
	Months []calendarMonth
}

type calendarMonth struct {
	Name  string
	Cells []calendarCell
}

// Days are the numbers above the cells.
func (calendar) Days() []int {
	all := make([]int, 31)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// calendarCell is a day, or nothing where none is expected.
type calendarCell struct {
	Letter string
	Class  string
	Label  string // for ears
	Href   string
}

// coverage is how every day of a year stands: what needs somebody, a line for each account, and the days of those that are chosen.
func (s *site) coverage(ctx context.Context, q *query) (view, error) {
	accounts, err := s.warehouse.Accounts(ctx)
	if err != nil {
		return view{}, err
	}
	f := read.Filter{Vendor: sms.Vendor(q.text("vendor")), Account: q.text("account")}
	year := q.year("year", over(accounts, s.now()).UTC().Year())
	if err := q.known(f.Vendor, f.Account, accounts); err != nil {
		return view{}, err
	}
	f.First, f.Last = sms.Date(year, 1, 1), sms.Date(year, 12, 31)
	c, err := s.warehouse.Calendar(ctx, f)
	if err != nil {
		return view{}, err
	}
	todo := issues(c.Days, accounts, c.Pauses)
	v := view{
		Title: "Coverage", Lead: fmt.Sprintf("Every day of %d by account.", year),
		Form: &form{Path: "/coverage", Selects: append(of(f.Vendor, f.Account, accounts), field{"Year", "year", fmt.Sprint(year), years(c, year)})},
	}
	attention := section{ID: "attention", Heading: "Needs attention", Lines: pausedOf(c.Pauses, f, accounts), Issues: todo}
	switch {
	case len(c.Days) == 0:
		attention.Lines = append(attention.Lines, line{Text: "No days match this filter."})
	case len(todo) == 0:
		attention.Lines = append(attention.Lines, line{Text: "Nothing: every expected day is loaded and accepted."})
	case len(todo) > shownIssues:
		attention.Issues = todo[:shownIssues]
		attention.Lines = append(attention.Lines, line{Text: fmt.Sprintf("The newest %d of %s; the table below counts all of them.", shownIssues, sheet.Grouped(int64(len(todo))))})
	}
	states := mark.Count(c.Days, func(d read.CalendarDay) sms.State { return d.State }).Marks()
	whole := section{ID: "year", Heading: fmt.Sprintf("%d, all accounts", year), Strips: stripsOf(c.Days, year),
		Lines: []line{{Text: "A day shows the worst state of its datasets. What is coloured leads to its days, a name to every day and dataset of the account."}}}
	for _, m := range slices.Backward(states) {
		whole.Keys = append(whole.Keys, m.Key())
	}
	v.Sections = append(v.Sections, attention, whole)
	if f.Vendor != "" || f.Account != "" {
		v.Sections = append(v.Sections, calendarSections(c.Days, f, year)...)
	}
	v.Sections = append(v.Sections,
		section{ID: "numbers", Heading: "Days by state", Table: statesTable(c.Days, states)},
		section{ID: "sources", Heading: "By source, all years", Table: sourcesTable(c.Sources, c.Pauses)},
		section{Heading: "What the states mean", Table: sheet.Of("coverage.letters", states, func(m mark.Mark) []sheet.Cell {
			return sheet.Row(m.Letter, m.State, m.About)
		})})
	return v, nil
}

// shownIssues is how many stretches of days are listed.
const shownIssues = 50

// calendarSections shows each day of the chosen accounts, and of each dataset where one account is chosen.
func calendarSections(days []read.CalendarDay, f read.Filter, year int) []section {
	all := calendars(days, year, func(read.CalendarDay) string { return "" })
	if f.Account != "" {
		all = append(all, calendars(days, year, func(d read.CalendarDay) string { return ": " + string(d.Dataset) })...)
	}
	id := func(i int) string { return fmt.Sprintf("calendar-%d", i) }
	out := make([]section, len(all))
	for i := range all {
		all[i].Past = id(i + 1)
		if i == len(all)-1 {
			all[i].Past = "numbers"
		}
		out[i] = section{ID: id(i), Heading: all[i].Label, Calendar: &all[i]}
	}
	return out
}

// pausedOf says which sources of the choice nobody asks.
func pausedOf(pauses []queue.Pause, f read.Filter, accounts []read.KnownAccount) []line {
	var lines []line
	seen := map[string]bool{}
	for _, a := range matching(accounts, f.Vendor, f.Account) {
		if !seen[a.Source] {
			seen[a.Source] = true
			lines = append(lines, pauseLines(pauses, a.Source)...)
		}
	}
	return lines
}

func years(c read.Calendar, chosen int) []option {
	first, last := c.FirstYear, c.LastYear
	if first == 0 {
		first, last = chosen, chosen
	}
	var all []option
	for y := min(first, chosen); y <= max(last, chosen) && len(all) < 101; y++ {
		all = append(all, option{fmt.Sprint(y), fmt.Sprint(y)})
	}
	return all
}

// group is days that have a key in common.
type group[K comparable] struct {
	key  K
	days []read.CalendarDay
}

// groups gives them in the order in which their keys come first.
func groups[K comparable](days []read.CalendarDay, key func(read.CalendarDay) K) []group[K] {
	var all []group[K]
	at := map[K]int{}
	for _, d := range days {
		k := key(d)
		if _, known := at[k]; !known {
			at[k] = len(all)
			all = append(all, group[K]{key: k})
		}
		all[at[k]].days = append(all[at[k]].days, d)
	}
	return all
}

// calendars draws a year for each account and whatever else days are told apart by. A day shows the worst state of its datasets.
func calendars(days []read.CalendarDay, year int, apart func(read.CalendarDay) string) []calendar {
	var all []calendar
	for _, g := range groups(days, func(d read.CalendarDay) string { return accountOf(d) + apart(d) }) {
		all = append(all, calendar{Label: fmt.Sprintf("%s, %d", g.key, year), Months: monthLines(worstByDay(g.days), year)})
	}
	return all
}

func monthLines(days map[sms.Day]read.CalendarDay, year int) []calendarMonth {
	all := make([]calendarMonth, 0, 12)
	for m := time.January; m <= time.December; m++ {
		first := sms.Date(year, m, 1)
		month := calendarMonth{Name: m.String()[:3]}
		for day := first; day <= read.Month(first).Last; day++ {
			one := calendarCell{}
			if d, known := days[day]; known {
				m := mark.Of(d.State)
				one = calendarCell{
					Letter: m.Letter, Class: m.Class, Label: day.String() + " " + sheet.Spaced(d.State),
					Href: pathOf("/day", d.Vendor, d.Account, day),
				}
			}
			month.Cells = append(month.Cells, one)
		}
		all = append(all, month)
	}
	return all
}

// statesTable counts, for those who cannot use a calendar.
func statesTable(days []read.CalendarDay, states []mark.Mark) *sheet.Table {
	type key struct {
		vendor  sms.Vendor
		account string
		dataset sms.Dataset
	}
	keyOf := func(d read.CalendarDay) key { return key{d.Vendor, d.Account, d.Dataset} }
	return sheet.Fill(sheet.New("coverage.states", sheet.StateColumns(states)...), groups(days, keyOf), func(g group[key]) []sheet.Cell {
		counts := mark.Count(g.days, func(d read.CalendarDay) sms.State { return d.State })
		return append(sheet.Row(g.key.vendor, g.key.account, g.key.dataset), sheet.StateRow(counts, states)...)
	})
}
