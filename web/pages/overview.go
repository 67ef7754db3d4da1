package pages

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/queue"
	"smsetl/read"
	"smsetl/sms"
)

// months is how many the overview shows, the present one among them: the same month of last year is the first.
const months = 13

// refreshOverview is how often the start page is asked for again while something is loaded. It is read, not watched.
const refreshOverview = 10 * time.Second

// overview is the start page: how much is sent, how much arrives, what fails, and how far the data is to be trusted.
func (s *site) overview(ctx context.Context, q *query) (view, error) {
	again := q.again(refreshOverview)
	now := s.now().UTC()
	first, last := sms.Date(now.Year(), now.Month()-months+1, 1), sms.Date(now.Year(), now.Month()+1, 1)-1
	o, err := s.warehouse.Overview(ctx, first, last)
	if err != nil {
		return view{}, err
	}
	yesterday := sms.DayOf(now) - 1
	lately, err := s.warehouse.Days(ctx, read.Filter{First: yesterday - 2*recentDays + 1, Last: yesterday})
	if err != nil {
		return view{}, err
	}
	runs, err := s.warehouse.Runs(ctx, shownRuns)
	if err != nil {
		return view{}, err
	}
	v := view{Title: "Overview", Lead: fmt.Sprintf("Messages by vendor for the %d days up to %s and for the last %d "+
		"months.", recentDays, yesterday, months)}
	if bars := s.underWay(runs); len(bars) > 0 {
		v.Refresh = again
		v.Sections = append(v.Sections, section{Heading: "In progress", Bars: bars,
			Nav: []line{againLine("/", again), {Link: "All runs", Href: "/runs"}}})
	}
	lines := append([]line{trust(o)}, pauseLines(o.Pauses, "")...)
	v.Sections = append(v.Sections,
		section{ID: "lately", Heading: fmt.Sprintf("The last %d days", recentDays), Cards: cards(lately, vendorsOf(o.Months), o.Sources, yesterday), Lines: lines},
		section{
			ID: "charts", Heading: "By month", Charts: monthCharts(o.Months, sms.DayOf(now)),
			Lines: []line{{Text: "A hollow point is a month with days that are not final: missing, not accepted, in the " +
				"future or still changing. No line leads to it, because it may not be a real rise or fall. A gap is a month " +
				"without data."}},
		},
		section{ID: "trust", Heading: "Data quality", Lines: append(freshness(o.Sources, now), findingsLine(o.Findings)),
			Table: sourcesTable(o.Sources, o.Pauses)},
		section{ID: "numbers", Heading: "Numbers", Table: monthsTable(o.Months)})
	return v, nil
}

// trust says in one line whether anything is not there, or not as it should be.
func trust(o read.Overview) line {
	counts := stateCounts{}
	for _, s := range o.Sources {
		counts.add(s.Counts)
	}
	open, unsure, days := counts.of(isOpen), counts.of(isUnsure), counts.total()
	l := line{Href: "#trust", Link: "Data quality"}
	switch {
	case days == 0:
		l.Text = "Nothing is loaded yet. `etl run` loads what is due now, `etl serve` when a schedule says so; `etl status` shows what is missing."
	case open > 0:
		l.Text, l.Bad = fmt.Sprintf("Incomplete: %s of %s dataset days are missing or not accepted.", grouped(open),
			grouped(days)), true
	case unsure > 0:
		l.Text = fmt.Sprintf("%s of %s dataset days are unverified or in an unknown state.",
			grouped(unsure), grouped(days))
	case o.Findings[sms.Error] > 0:
		l.Text, l.Bad = fmt.Sprintf("Complete: every expected day is loaded. But %s found.",
			errorsOf(o.Findings[sms.Error])), true
	default:
		l.Text = "Complete: every expected day is loaded, and there are no open errors."
	}
	return l
}

func errorsOf(n int64) string {
	if n == 1 {
		return "1 error was"
	}
	return grouped(n) + " errors were"
}

// freshness is one line a source.
func freshness(sources []read.SourceState, now time.Time) []line {
	var all []line
	for _, s := range sources {
		text := s.Source + ": one dataset has no loaded day"
		if s.LoadedTo != nil {
			text = s.Source + ": all datasets are loaded up to " + s.LoadedTo.String()
		}
		if s.ConfirmedAt == nil {
			text += "; no answer from the vendor yet."
		} else {
			text += fmt.Sprintf("; last answer from the vendor %s ago, %s.", age(now.Sub(*s.ConfirmedAt)),
				moment(s.ConfirmedAt).Show+" UTC")
		}
		l := line{Text: text}
		if open := stateCounts(s.Counts).words(isOpen); open != "" {
			year := ""
			if s.FirstOpen != nil {
				year = s.FirstOpen.String()[:4]
			}
			l = line{
				Text: text + " Incomplete dataset days: " + open + ".", Bad: true,
				Href: href("/coverage", "vendor", string(s.Vendor), "year", year), Link: "See the days",
			}
		}
		all = append(all, l)
	}
	if len(all) == 0 {
		all = append(all, line{Text: "No accounts are known yet. The first `etl run` adds those of schedules.yaml; `etl init` writes one."})
	}
	return all
}

func findingsLine(findings map[sms.Severity]int64) line {
	var total int64
	for _, n := range findings {
		total += n
	}
	l := line{Text: "No open findings.", Href: "/findings", Link: "Findings"}
	if total > 0 {
		l.Text = fmt.Sprintf("Open findings: %s, of which %s are errors.", grouped(total), grouped(findings[sms.Error]))
		l.Bad = findings[sms.Error] > 0
	}
	return l
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

func sourcesTable(sources []read.SourceState, pauses []queue.Pause) *table {
	counts := stateCounts{}
	for _, s := range sources {
		counts.add(s.Counts)
	}
	states := slices.DeleteFunc(counts.marks(), func(m mark) bool { return m.state == sms.NotDue })
	return fill(newTable("overview.sources", stateColumns(states)...), sources, func(s read.SourceState) []cell {
		name := text(s.Source).to(href("/coverage", "vendor", string(s.Vendor)))
		row := cells(name, s.Vendor, pausedCell(s.Source, pauses), s.LoadedTo, s.ConfirmedAt, s.FirstOpen, s.Days)
		return append(row, stateCounts(s.Counts).cells(states)...)
	})
}

// pausedCell says that nobody asks a source.
func pausedCell(source string, pauses []queue.Pause) cell {
	for _, p := range pauses {
		if p.Source == source || p.Source == "" && p.Queue == source {
			return text(fmt.Sprintf("since %s UTC", cellOf(p.Since).Show)).wrongIf(true)
		}
	}
	return text("no")
}

// monthCharts draws what is sorted by vendor and month. The month of today is not complete, nor one of which days
// are missing or may still change.
func monthCharts(all []read.VendorMonth, today sms.Day) []chart {
	var labels, names []string
	var rates, requested, failures [][]value
	for _, m := range all {
		if len(names) == 0 || names[len(names)-1] != string(m.Vendor) {
			names = append(names, string(m.Vendor))
			rates, requested, failures = append(rates, nil), append(requested, nil), append(failures, nil)
		}
		if len(names) == 1 {
			labels = append(labels, m.Month.String()[:7])
		}
		at, isOpen := len(names)-1, m.LoadedDays < m.Days || m.NotFinal > 0 || monthEnd(m.Month) >= today
		rates[at] = append(rates[at], value{share(m.Delivered, m.Requested), isOpen})
		requested[at] = append(requested[at], value{number(m.Requested), isOpen})
		failures[at] = append(failures[at], value{number(plus(m.ProcessingFailed, m.SendFailed)), isOpen})
	}
	if len(names) == 0 {
		return nil
	}
	messages := func(n float64) string { return grouped(int64(n)) }
	return []chart{
		newChart("rate", "Delivery rate by vendor and month", "delivered of requested", alone, labels, names, rates, percent, true),
		newChart("requested", "Messages requested by vendor and month", "messages", paired, labels, names, requested, messages, false),
		newChart("failed", "Messages that failed by vendor and month", "messages", paired, labels, names, failures, messages, false),
	}
}

func number(n *int64) *float64 {
	if n == nil {
		return nil
	}
	return new(float64(*n))
}

func monthsTable(all []read.VendorMonth) *table {
	return tableOf("overview.months", all, func(m read.VendorMonth) []cell {
		days := href("/days", "vendor", string(m.Vendor), "from", m.Month.String(), "to", monthEnd(m.Month).String())
		number := func(n *int64) cell { return count(n).to(days) }
		return cells(month(m.Month).to(days), m.Vendor, m.LoadedDays, m.Days, m.NotFinal, number(m.Requested),
			number(m.Delivered), ratio(m.Delivered, m.Requested).to(days), number(m.ProcessingFailed), number(m.SendFailed),
			whyMonth(m))
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
		parts = append(parts, fmt.Sprintf("%s of %s days are not loaded", grouped(m.Days-m.LoadedDays), grouped(m.Days)))
	}
	if later := m.NotFinal - (m.Days - m.LoadedDays); later > 0 {
		parts = append(parts, fmt.Sprintf("%s loaded days are not final", grouped(later)))
	}
	if m.Requested == nil || m.Delivered == nil || m.ProcessingFailed == nil || m.SendFailed == nil {
		parts = append(parts, "a dash means that a part is not reported or there were no messages")
	}
	return strings.Join(parts, "; ")
}

// monthEnd gives the last day of the month that the day is in.
func monthEnd(d sms.Day) sms.Day {
	t := d.UTC()
	return sms.Date(t.Year(), t.Month()+1, 1) - 1
}
