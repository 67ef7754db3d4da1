package pages

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
)

// calendar is a year of one account, of all of its datasets or of one: a line a month, a cell a day.
type calendar struct {
	ID     string
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

// mark is how a state looks: a letter, and a colour of the style sheet.
type mark struct {
	state  sms.State
	letter string
	about  string
}

// marks are ordered from worst to best: a day shows the worst state among its datasets. The letters are those of `etl status`.
var marks = []mark{
	{sms.Quarantined, "Q", "an answer was not believed; what was stored before stays"},
	{sms.Failed, "X", "asked for in vain"},
	{sms.Lost, "L", "the vendor can no longer be asked"},
	{sms.Missing, "–", "expected, and never loaded"},
	{sms.Unverified, "u", "the vendor had nothing: from before the account began, or no longer kept"},
	{sms.Provisional, "p", "loaded, and may still change"},
	{sms.Frozen, "Z", "an operator said: leave it"},
	{sms.Final, "F", "loaded and settled"},
	{sms.Empty, "e", "settled, and the vendor had nothing"},
	{sms.NotDue, ".", "not over yet"},
}

// openMarks is how many of the marks say that numbers are not there, or not believed.
const openMarks = 4

func rank(state sms.State) int {
	return slices.IndexFunc(marks, func(m mark) bool { return m.state == state })
}

// other is how a state looks that these pages do not know: they are older than the ledger.
const other = "other"

// markOf gives how a state looks. One that is not known has its own name.
func markOf(state sms.State) mark {
	if r := rank(state); r >= 0 {
		return marks[r]
	}
	return mark{state, "?", "a state that these pages do not know: a newer program wrote it"}
}

// class is the colour of a state.
func (m mark) class() string {
	if rank(m.state) < 0 {
		return other
	}
	return string(m.state)
}

// worse says whether a day of the first state needs more care than one of the second. What is not known stands beside missing.
func worse(a, b sms.State) bool { return care(a) < care(b) }

func care(state sms.State) int {
	if r := rank(state); r >= 0 {
		return 2 * r
	}
	return 2*openMarks - 1
}

// isOpen says that a day's numbers are not there or not believed.
func isOpen(state sms.State) bool { return rank(state) >= 0 && rank(state) < openMarks }

// isFinal says that a day's numbers do not change any more by themselves.
func isFinal(state sms.State) bool { return state == sms.Final || state == sms.Empty }

// coverage is the calendar of a year.
func (s *site) coverage(ctx context.Context, q query) (view, error) {
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
	v.Sections = append(v.Sections, section{Keys: keys(c.Days), Lines: pausedOf(c.Pauses, f, accounts)})
	all := calendars(c.Days, year, func(read.CalendarDay) string { return "" })
	if f.Account != "" {
		all = append(all, calendars(c.Days, year, func(d read.CalendarDay) string { return string(d.Dataset) })...)
	}
	for i := range all {
		all[i].ID, all[i].Past = fmt.Sprintf("calendar-%d", i), fmt.Sprintf("calendar-%d", i+1)
		if i == len(all)-1 {
			all[i].Past = "numbers"
		}
		one := section{ID: all[i].ID, Heading: all[i].Label, Calendar: &all[i]}
		v.Sections = append(v.Sections, one)
	}
	switch {
	case len(c.Days) == 0:
		v.Sections = append(v.Sections, section{Lines: []line{{Text: "No day of this choice is expected or loaded."}}})
	case f.Account == "":
		v.Sections = append(v.Sections, section{Lines: []line{{Text: "A day shows the worst state among its datasets. Choose an account to see each of them."}}})
	}
	v.Sections = append(v.Sections, section{ID: "numbers", Heading: "Days by state", Table: statesTable(c.Days)}, legend(c.Days))
	return v, nil
}

// key is one line of the legend: how a state looks, and its name.
type key struct{ Letter, Class, Word string }

func keys(days []read.CalendarDay) []key {
	var all []key
	for _, m := range slices.Backward(marksOf(days)) {
		all = append(all, key{m.letter, m.class(), words(m.state)})
	}
	return all
}

// marksOf gives the marks that are known, and behind them those of states that only the days know.
func marksOf(days []read.CalendarDay) []mark {
	all := slices.Clone(marks)
	for _, d := range days {
		if !slices.ContainsFunc(all, func(m mark) bool { return m.state == d.State }) {
			all = append(all, markOf(d.State))
		}
	}
	return all
}

// pausedOf says which sources of the choice nobody asks.
func pausedOf(pauses []queue.Pause, f read.Filter, accounts []read.KnownAccount) []line {
	var lines []line
	told := map[string]bool{}
	for _, a := range accounts {
		if (f.Vendor == "" || a.Vendor == f.Vendor) && (f.Account == "" || a.Account == f.Account) && !told[a.Source] {
			told[a.Source] = true
			lines = append(lines, pauseLines(pauses, a.Source)...)
		}
	}
	return lines
}

// year gives a parameter that is a year, or otherwise.
func (q query) year(name string, otherwise int) int {
	text := q.text(name)
	if text == "" {
		return otherwise
	}
	year, err := strconv.Atoi(text)
	if err != nil || year < 2000 || year > 2100 {
		q.wrong("%s is %q: want a year such as 2026", name, text)
		return otherwise
	}
	return year
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

func legend(days []read.CalendarDay) section {
	t := &table{Name: "letters", Caption: "A day shows the worst state among its datasets; these are the worst first.", Columns: columns("letter", "state", "what it says")}
	for _, m := range marksOf(days) {
		t.Rows = append(t.Rows, []cell{text(m.letter), state(m.state), text(m.about)})
	}
	return section{Heading: "What the letters say", Table: t}
}

// state is the name of a state with its sign before it.
func state(of sms.State) cell {
	c, m := text(words(of)), markOf(of)
	c.oneLine, c.Mark = true, key{Letter: m.letter, Class: m.class()}
	return c.wrongIf(isOpen(of))
}

func words(state sms.State) string { return strings.ReplaceAll(string(state), "_", " ") }

// calendars draws a year for each account and whatever else days are told apart by. A day shows the worst state of its datasets.
func calendars(days []read.CalendarDay, year int, apart func(read.CalendarDay) string) []calendar {
	type key struct{ account, part string }
	var order []key
	worst := map[key]map[sms.Day]read.CalendarDay{}
	for _, d := range days {
		k := key{string(d.Vendor) + "/" + d.Account, apart(d)}
		if worst[k] == nil {
			order, worst[k] = append(order, k), map[sms.Day]read.CalendarDay{}
		}
		if old, ok := worst[k][d.Day]; !ok || worse(d.State, old.State) {
			worst[k][d.Day] = d
		}
	}
	all := make([]calendar, len(order))
	for i, k := range order {
		label := k.account
		if k.part != "" {
			label += ": " + k.part
		}
		all[i] = calendar{Label: fmt.Sprintf("%s, %d", label, year), Months: monthLines(worst[k], year)}
	}
	return all
}

func monthLines(days map[sms.Day]read.CalendarDay, year int) []calendarMonth {
	all := make([]calendarMonth, 0, 12)
	for m := time.January; m <= time.December; m++ {
		first := sms.Date(year, m, 1)
		month := calendarMonth{Name: m.String()[:3]}
		for day := first; day <= monthEnd(first); day++ {
			d, known := days[day]
			if !known {
				month.Cells = append(month.Cells, calendarCell{})
				continue
			}
			month.Cells = append(month.Cells, calendarCell{
				Letter: markOf(d.State).letter, Class: markOf(d.State).class(), Label: day.String() + " " + words(d.State),
				Href: href("/day", "vendor", string(d.Vendor), "account", d.Account, "date", day.String()),
			})
		}
		all = append(all, month)
	}
	return all
}

// statesTable counts, for those who cannot use a calendar.
func statesTable(days []read.CalendarDay) *table {
	type key struct {
		vendor  sms.Vendor
		account string
		dataset sms.Dataset
	}
	var order []key
	counts := map[key][]int64{}
	names := []string{"vendor", "account", "dataset"}
	all := marksOf(days)
	for _, m := range all {
		names = append(names, ">"+words(m.state))
	}
	for _, d := range days {
		k := key{d.Vendor, d.Account, d.Dataset}
		if counts[k] == nil {
			order, counts[k] = append(order, k), make([]int64, len(all))
		}
		counts[k][slices.IndexFunc(all, func(m mark) bool { return m.state == d.State })]++
	}
	t := &table{Name: "states", Caption: "Days by account, dataset and state", Columns: columns(names...)}
	for _, k := range order {
		row := []cell{text(string(k.vendor)), text(k.account), text(string(k.dataset))}
		for i, n := range counts[k] {
			row = append(row, whole(n).wrongIf(n > 0 && isOpen(all[i].state)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
