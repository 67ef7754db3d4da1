package pages

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
)

// strips are a year of several accounts: a line each, as wide as the page.
type strips struct {
	Months []string
	Lines  []strip
	Days   int // of the year
}

// strip is a year of one account. What is final is pale and leads nowhere; the rest leads to its first day.
type strip struct {
	Name, Href string
	Words      string
	Ranges     []stretch
	Grid       []int // where months begin
}

// stretch is consecutive days in one state.
type stretch struct {
	At, Days int // from the first day of the year
	Class    string
	Title    string
	Href     string // empty for what asks for nothing
	IsLoud   bool
}

// issue is a stretch of days that somebody has to do something about.
type issue struct {
	Pill, Class string
	Title, Href string
	Lines       []string
	Next        string // what happens, or what to do
	Command     string // that does it; empty for nothing
}

// spell is consecutive days of an account in one state, for one reason.
type spell struct {
	first, last sms.Day
	worst       read.CalendarDay
}

// spells gives the days of an account, each in the worst state of its datasets, joined where nothing changes.
func spells(days []read.CalendarDay) []spell {
	worst := worstByDay(days)
	var all []spell
	for _, day := range slices.Sorted(maps.Keys(worst)) {
		d := worst[day]
		if n := len(all) - 1; n >= 0 && all[n].last == day-1 && all[n].worst.State == d.State && all[n].worst.Reason == d.Reason {
			all[n].last = day
			continue
		}
		all = append(all, spell{day, day, d})
	}
	return all
}

// worstByDay gives for each day the dataset that needs most care.
func worstByDay(days []read.CalendarDay) map[sms.Day]read.CalendarDay {
	worst := map[sms.Day]read.CalendarDay{}
	for _, d := range days {
		if old, ok := worst[d.Day]; !ok || mark.Worse(d.State, old.State) < 0 {
			worst[d.Day] = d
		}
	}
	return worst
}

func accountOf(d read.CalendarDay) string { return string(d.Vendor) + "/" + d.Account }

// stripsOf draws the year of each account.
func stripsOf(days []read.CalendarDay, year int) *strips {
	first, last := sms.Date(year, 1, 1), sms.Date(year, 12, 31)
	all := &strips{Days: int(last-first) + 1}
	var grid []int
	for m := time.January; m <= time.December; m++ {
		all.Months = append(all.Months, m.String()[:3])
		grid = append(grid, int(sms.Date(year, m, 1)-first))
	}
	for _, g := range groups(days, accountOf) {
		d := g.days[0]
		one := strip{Name: g.key, Grid: grid, Href: href("/coverage", "vendor", string(d.Vendor), "account", d.Account, "year", fmt.Sprint(year))}
		counts := mark.Counts{}
		for _, s := range spells(g.days) {
			counts[s.worst.State] += int64(s.last-s.first) + 1
			part := stretch{At: int(s.first - first), Days: int(s.last-s.first) + 1, Class: mark.Of(s.worst.State).Class, Title: span(s.first, s.last) + ": " + sheet.Spaced(s.worst.State)}
			part.IsLoud = mark.IsOpen(s.worst.State) || part.Class == mark.Other
			if !mark.IsFinal(s.worst.State) && s.worst.State != sms.NotDue {
				part.Href = pathOf("/day", d.Vendor, d.Account, s.first)
			}
			one.Ranges = append(one.Ranges, part)
		}
		delete(counts, sms.NotDue)
		one.Words = sheet.StateWords(counts, func(sms.State) bool { return true })
		all.Lines = append(all.Lines, one)
	}
	return all
}

// issues are the days that are missing or not accepted, the newest first, with what to do about them.
func issues(days []read.CalendarDay, accounts []read.KnownAccount, pauses []queue.Pause) []issue {
	var all []issue
	var order []sms.Day
	for _, g := range groups(days, accountOf) {
		for _, s := range spells(g.days) {
			if mark.IsOpen(s.worst.State) {
				all, order = append(all, s.issue(accounts, pauses)), append(order, s.first)
			}
		}
	}
	at := make([]int, len(all))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(order[b], order[a]) })
	sorted := make([]issue, len(all))
	for i, n := range at {
		sorted[i] = all[n]
	}
	return sorted
}

func (s spell) issue(accounts []read.KnownAccount, pauses []queue.Pause) issue {
	d := s.worst
	n := int64(s.last-s.first) + 1
	one := issue{
		Pill: plural(n, "day") + " " + sheet.Spaced(d.State), Class: "wrong", Title: d.Account + ", " + span(s.first, s.last),
		Href: pathOf("/day", d.Vendor, d.Account, s.first), Lines: []string{upper(mark.Of(d.State).About) + "."}, Next: mark.Next(d.NextAction, d.IsImported),
	}
	if d.State == sms.Quarantined {
		one.Pill, one.Class = plural(n, "day")+" not accepted", "hold"
	}
	if d.Reason != "" {
		one.Lines = append(one.Lines, capital(d.Reason))
	}
	days := " --account " + d.Account + " --from " + s.first.String() + " --to " + s.last.String()
	source := ""
	for _, a := range matching(accounts, d.Vendor, d.Account) {
		source = a.Source
	}
	switch {
	case d.NextAction == "release":
		one.Command = "etl release" + days + " --reason TEXT"
	case len(pauseLines(pauses, source)) > 0:
		one.Next, one.Command = "nothing is asked of "+source+" until it is resumed", "etl resume "+source
	case d.IsImported:
		one.Command = "etl import huawei FILE... --source " + source
	case d.State != sms.Lost:
		one.Command = "etl backfill" + days
	}
	return one
}
