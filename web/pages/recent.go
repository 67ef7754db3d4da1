package pages

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"smsetl/read"
	"smsetl/sms"
)

// recentDays is how many days a card tells of, and how many before them it compares with.
const recentDays = 30

// card is what one vendor did lately: one number to look at, and how it came to be.
type card struct {
	Vendor string
	Class  string // the vendor's colour
	Rate   cell
	Lines  []cell
	Trend  string
	// Standing says how many of the days the numbers are of are not final; empty when all are.
	Standing string
	Open     *line // what is not there of the vendor's days; nil when all is
	Spark    spark
}

// spark is a small line without axes: a rate day by day.
type spark struct {
	Width, Height int
	Path          string
	OpenPath      string  // through days that are not final
	Points        []point // days that stand alone, which a line does not show, and those that are not final
	Desc          string
}

// sums are those of a vendor over some days. A sum is not known where one of its parts is not reported: without that part
// it would be a smaller number and not the same one.
type sums struct {
	hasDays                      bool
	requested, delivered, failed *int64
	counts                       stateCounts
}

func newSums() sums { return sums{counts: stateCounts{}} }

func (s *sums) add(d read.DayNumbers) {
	s.counts.add(stateCounts{d.State: 1})
	if d.Rows == 0 {
		return // a day without numbers has no sum, and none to hide the others'
	}
	failed := plus(d.ProcessingFailed, d.SendFailed)
	if !s.hasDays {
		s.hasDays, s.requested, s.delivered, s.failed = true, d.Requested, d.Delivered, failed
		return
	}
	s.requested, s.delivered, s.failed = plus(s.requested, d.Requested), plus(s.delivered, d.Delivered), plus(s.failed, failed)
}

// addFinal adds a day whose numbers do not change any more: two stretches of time are compared by such days alone, since a young day
// looks worse than it will be.
func (s *sums) addFinal(d read.DayNumbers) {
	if isFinal(d.State) {
		s.add(d)
	}
}

// cell shows one of the sums, or why it is not known.
func (s *sums) cell(n *int64, unit, href string) cell {
	one := count(n).to(href)
	one.Unit = unit
	if one.IsNone() {
		one.Unit += ": " + s.whyNot()
	}
	return one
}

// whyNot says why one of the sums, or their ratio, is not known.
func (s *sums) whyNot() string {
	switch {
	case !s.hasDays:
		return "no day is loaded"
	case s.requested != nil && *s.requested == 0:
		return "nothing was requested"
	default:
		return "a part of it is not reported"
	}
}

// cards gives a card for each vendor, of the days up to last. The order of names is that of the colours in the charts.
func cards(all []read.DayNumbers, names []string, sources []read.SourceState, last sms.Day) []card {
	first := last - recentDays + 1
	var made []card
	for i, name := range names {
		now, before, nowFinal, beforeFinal := newSums(), newSums(), newSums(), newSums()
		byDay := make([]sums, recentDays)
		for i := range byDay {
			byDay[i] = newSums()
		}
		for _, d := range all {
			switch {
			case string(d.Vendor) != name || d.Day > last:
			case d.Day >= first:
				now.add(d)
				nowFinal.addFinal(d)
				byDay[d.Day-first].add(d)
			default:
				before.add(d)
				beforeFinal.addFinal(d)
			}
		}
		days := href("/days", "vendor", name, "from", first.String(), "to", last.String())
		failures := href("/failures", "vendor", name, "from", first.String(), "to", last.String())
		c := card{
			Vendor: name, Class: fmt.Sprintf("s%d", i%4), Rate: ratio(now.delivered, now.requested).to(days),
			Spark: sparkline(byDay, first), Trend: trend(nowFinal, beforeFinal), Open: openOf(name, sources),
			Lines: []cell{
				now.cell(now.requested, "requested", days), now.cell(now.delivered, "delivered", days),
				now.cell(now.failed, "failed", failures),
			},
		}
		if c.Rate.IsNone() {
			c.Trend = "no rate: " + now.whyNot()
		}
		if notFinal := now.counts.of(isNotFinal); notFinal > 0 {
			c.Standing = fmt.Sprintf("%s of %s days of accounts are not final: %s", grouped(notFinal),
				grouped(now.counts.total()), now.counts.words(isNotFinal))
		}
		made = append(made, c)
	}
	return made
}

// openOf says what is not there of a vendor's days.
func openOf(vendor string, sources []read.SourceState) *line {
	counts := stateCounts{}
	for _, s := range sources {
		if string(s.Vendor) == vendor {
			counts.add(s.Counts)
		}
	}
	open := counts.words(isOpen)
	if open == "" {
		return nil
	}
	return &line{Text: "Incomplete, days of datasets: " + open + ".", Href: href("/coverage", "vendor", vendor),
		Link: "Which"}
}

// vendorsOf names the vendors of months that are sorted by vendor.
func vendorsOf(all []read.VendorMonth) []string {
	names := make([]string, len(all))
	for i, m := range all {
		names[i] = string(m.Vendor)
	}
	return slices.Compact(names)
}

// trend compares two rates in words.
func trend(now, before sums) string {
	a, b := share(now.delivered, now.requested), share(before.delivered, before.requested)
	if a == nil || b == nil {
		return ""
	}
	points := 100 * (*a - *b)
	if math.Abs(points) < .005 {
		return "as in the days before, of final days"
	}
	word := "more"
	if points < 0 {
		word = "less"
	}
	return fmt.Sprintf("%.2f points %s than in the %d days before, of final days", math.Abs(points), word, recentDays)
}

// sparkline draws a rate for each day, with gaps where there is none.
func sparkline(days []sums, first sms.Day) spark {
	s := spark{Width: 440, Height: 48}
	values := make([]value, len(days))
	labels := make([]string, len(days))
	for i, d := range days {
		values[i], labels[i] = value{share(d.delivered, d.requested),
			d.counts.of(isNotFinal) > 0}, (first + sms.Day(i)).String()
	}
	low, high := bounds([][]value{values}, true)
	step := float64(s.Width-6) / float64(max(1, len(days)-1))
	x := func(i int) float64 { return round(3 + float64(i)*step) }
	y := func(v float64) float64 { return round(float64(s.Height-4) - (v-low)/(high-low)*float64(s.Height-8)) }
	var line series
	line.trace(labels, values, x, y, percent)
	s.Path, s.OpenPath = line.Path, line.OpenPath
	for i, p := range line.Points {
		isAlone := p.IsFirst && (i == len(line.Points)-1 || line.Points[i+1].IsFirst)
		if isAlone || p.IsOpen || i == len(line.Points)-1 {
			s.Points = append(s.Points, p)
		}
	}
	known := slices.DeleteFunc(slices.Clone(values), func(v value) bool { return v.N == nil })
	if len(known) == 0 {
		s.Desc = "No day is known."
		return s
	}
	less := func(a, b value) int { return cmp.Compare(*a.N, *b.N) }
	s.Desc = strings.Join([]string{
		fmt.Sprintf("Delivery rate by day from %s to %s", labels[0], labels[len(labels)-1]),
		"lowest " + percent(*slices.MinFunc(known, less).N), "highest " + percent(*slices.MaxFunc(known, less).N),
		fmt.Sprintf("%d of %d days are gaps.", len(days)-len(known), len(days)),
	}, "; ")
	return s
}
