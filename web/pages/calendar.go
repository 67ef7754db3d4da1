package pages

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
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

// coverage is the calendar of a year.
func (s *site) coverage(ctx context.Context, q *query) (view, error) {
	accounts, err := s.warehouse.Accounts(ctx)
	if err != nil {
		return view{}, err
	}
	f := read.Filter{Vendor: sms.Vendor(q.text("vendor")), Account: q.text("account")}
	year := q.year("year", s.now().UTC().Year())
	if err := q.known(f.Vendor, f.Account, accounts); err != nil {
		return view{}, err
	}
	f.First, f.Last = sms.Date(year, 1, 1), sms.Date(year, 12, 31)
	c, err := s.warehouse.Calendar(ctx, f)
	if err != nil {
		return view{}, err
	}
	v := view{
		Title: "Coverage",
		Lead:  fmt.Sprintf("Every day of %d by account. A day leads to why it is so, and what next.", year),
		Form:  filterForm("/coverage", f, accounts),
	}
	v.Form.HasDays, v.Form.Years = false, years(c, year)
	states := countStates(c.Days, func(d read.CalendarDay) sms.State { return d.State }).marks()
	first := section{Lines: pausedOf(c.Pauses, f, accounts)}
	for _, m := range slices.Backward(states) {
		first.Keys = append(first.Keys, m.key())
	}
	v.Sections = append(v.Sections, first)
	all := calendars(c.Days, year, func(read.CalendarDay) string { return "" })
	if f.Account != "" {
		all = append(all, calendars(c.Days, year, func(d read.CalendarDay) string { return ": " + string(d.Dataset) })...)
	}
	id := func(i int) string { return fmt.Sprintf("calendar-%d", i) }
	for i := range all {
		all[i].Past = id(i + 1)
		if i == len(all)-1 {
			all[i].Past = "numbers"
		}
		v.Sections = append(v.Sections, section{ID: id(i), Heading: all[i].Label, Calendar: &all[i]})
	}
	switch {
	case len(c.Days) == 0:
		v.Sections = append(v.Sections, section{Lines: []line{{Text: "No day of this choice is expected or loaded."}}})
	case f.Account == "":
		v.Sections = append(v.Sections, section{Lines: []line{{
			Text: "A day shows the worst state among its datasets. Choose an account to see each of them.",
		}}})
	}
	v.Sections = append(v.Sections,
		section{ID: "numbers", Heading: "Days by state", Table: statesTable(c.Days, states)},
		section{Heading: "What the letters say", Table: tableOf("coverage.letters", states, func(m mark) []cell {
			return cells(m.letter, m.state, m.about)
		})})
	return v, nil
}

// pausedOf says which sources of the choice nobody asks.
func pausedOf(pauses []queue.Pause, f read.Filter, accounts []read.KnownAccount) []line {
	var lines []line
	seen := map[string]bool{}
	for _, a := range accounts {
		if (f.Vendor == "" || a.Vendor == f.Vendor) && (f.Account == "" || a.Account == f.Account) && !seen[a.Source] {
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
		all = append(all, option{Value: strconv.Itoa(y), Title: strconv.Itoa(y), IsChosen: y == chosen})
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
	for _, g := range groups(days, func(d read.CalendarDay) string {
		return string(d.Vendor) + "/" + d.Account + apart(d)
	}) {
		worst := map[sms.Day]read.CalendarDay{}
		for _, d := range g.days {
			if old, ok := worst[d.Day]; !ok || worse(d.State, old.State) < 0 {
				worst[d.Day] = d
			}
		}
		all = append(all, calendar{Label: fmt.Sprintf("%s, %d", g.key, year), Months: monthLines(worst, year)})
	}
	return all
}

func monthLines(days map[sms.Day]read.CalendarDay, year int) []calendarMonth {
	all := make([]calendarMonth, 0, 12)
	for m := time.January; m <= time.December; m++ {
		first := sms.Date(year, m, 1)
		month := calendarMonth{Name: m.String()[:3]}
		for day := first; day <= monthEnd(first); day++ {
			one := calendarCell{}
			if d, known := days[day]; known {
				m := markOf(d.State)
				one = calendarCell{
					Letter: m.letter, Class: m.class, Label: day.String() + " " + spaced(d.State),
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
func statesTable(days []read.CalendarDay, states []mark) *table {
	type key struct {
		vendor  sms.Vendor
		account string
		dataset sms.Dataset
	}
	keyOf := func(d read.CalendarDay) key { return key{d.Vendor, d.Account, d.Dataset} }
	return fill(newTable("coverage.states", stateColumns(states)...), groups(days, keyOf), func(g group[key]) []cell {
		counts := countStates(g.days, func(d read.CalendarDay) sms.State { return d.State })
		return append(cells(g.key.vendor, g.key.account, g.key.dataset), counts.cells(states)...)
	})
}
