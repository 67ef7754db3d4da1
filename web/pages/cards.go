package pages

import (
	"fmt"

	"smsetl/read"
	"smsetl/sms"
	"smsetl/web/pages/chart"
	"smsetl/web/pages/mark"
	"smsetl/web/pages/sheet"
)

// card is what one vendor did: one number to look at, and the parts that it comes of.
type card struct {
	Vendor string
	Class  string // the vendor's colour and shape
	Rate   sheet.Cell
	Trend  string // the change of the rate; empty where it is not known
	Note   string // against what, or why there is no rate
	Way    string // up, down, or empty for little
	Parts  []part // they add up to what was requested
	// NotFinal says how many of the days the numbers are of are not final; empty when all are.
	NotFinal string
	Open     *line // what is missing of these days; nil when nothing is
	Spark    chart.Spark
}

// part is a line of a card.
type part struct {
	Name  string
	Count sheet.Cell
	Share string
	IsSum bool
}

// sums are those of a vendor over some days. A sum is not known where one of its parts is not reported: without that part
// it would be a smaller number and not the same one.
type sums struct {
	hasDays                               bool
	requested, delivered, failed, pending *int64
	counts                                mark.Counts
}

func (s *sums) add(d read.DayNumbers) {
	if s.counts == nil {
		s.counts = mark.Counts{}
	}
	s.counts[d.State]++
	if d.Rows == 0 {
		return // a day without numbers has no sum, and none to hide the others'
	}
	failed := sheet.Plus(d.ProcessingFailed, d.SendFailed)
	if !s.hasDays {
		s.hasDays, s.requested, s.delivered, s.failed, s.pending = true, d.Requested, d.Delivered, failed, d.Pending
		return
	}
	s.requested, s.delivered = sheet.Plus(s.requested, d.Requested), sheet.Plus(s.delivered, d.Delivered)
	s.failed, s.pending = sheet.Plus(s.failed, failed), sheet.Plus(s.pending, d.Pending)
}

// whyNot says why a ratio of the sums is not known.
func (s *sums) whyNot() string {
	switch {
	case !s.hasDays:
		return "no day is loaded"
	case s.requested != nil && *s.requested == 0:
		return "nothing was requested"
	default:
		return "a part is not reported"
	}
}

// sumOfDays adds up the days of a vendor, of all when it is empty. Two stretches of time are compared by final days alone, since a
// young day looks worse than it will be.
func sumOfDays(all []read.DayNumbers, vendor string, isCounted func(sms.State) bool) (s sums) {
	for _, d := range all {
		if (vendor == "" || string(d.Vendor) == vendor) && isCounted(d.State) {
			s.add(d)
		}
	}
	return s
}

func isAny(sms.State) bool { return true }

// cards gives a card for all vendors, where several are chosen, and one for each.
func cards(c choice, now, before []read.DayNumbers) []card {
	names, _ := namesOf(c.accounts)
	var made []card
	if c.Vendor == "" && len(names) > 1 {
		made = append(made, c.card("", "all", now, before))
	}
	for i, name := range names {
		if c.Vendor == "" || string(c.Vendor) == name {
			made = append(made, c.card(name, class(i), now, before))
		}
	}
	return made
}

// class is the colour of the vendor at that place.
func class(i int) string { return fmt.Sprintf("s%d", i%4) }

func (c choice) card(name, class string, now, before []read.DayNumbers) card {
	s := sumOfDays(now, name, isAny)
	one := card{Vendor: name, Class: class, Rate: sheet.Ratio(s.delivered, s.requested).To(c.fixed("/explore", orOne(name, c.Vendor), "by", "account"))}
	if name == "" {
		one.Vendor = "All vendors"
	}
	one.Trend, one.Note, one.Way = c.trend(sumOfDays(now, name, mark.IsFinal), sumOfDays(before, name, mark.IsFinal))
	if one.Rate.IsNone() {
		one.Trend, one.Note, one.Way = "", "No rate: "+s.whyNot(), ""
	}
	one.Parts = c.parts(&s, name)
	if notFinal := s.counts.Of(mark.IsNotFinal); notFinal > 0 {
		one.NotFinal = fmt.Sprintf("%s of %s account days are not final: %s", sheet.Grouped(notFinal), sheet.Grouped(s.counts.Total()), sheet.StateWords(s.counts, mark.IsNotFinal))
	}
	if open := sheet.StateWords(s.counts, mark.IsOpen); open != "" {
		one.Open = &line{Text: open, Href: href("/coverage", "vendor", orOne(name, c.Vendor), "year", c.Last.String()[:4])}
	}
	values := make([]chart.Value, c.Last-c.First+1)
	for i, day := range c.byDay(now, name) {
		values[i] = day.rate()
	}
	one.Spark = chart.NewSpark(c.First, values, sheet.Percent)
	return one
}

// orOne gives the name of a card, or the vendor that is chosen.
func orOne(name string, chosen sms.Vendor) string {
	if name == "" {
		return string(chosen)
	}
	return name
}

// parts are delivered, failed and pending, and whatever is left of the requested where a part is not reported or does not add up.
func (c choice) parts(s *sums, name string) []part {
	vendor := orOne(name, c.Vendor)
	days := c.fixed("/days", vendor)
	failures := c.fixed("/failures", vendor, "country", "")
	if c.Country != "" {
		failures = "" // failures are not told apart by country there
	}
	all := []part{{Name: "Delivered", Count: sheet.Count(s.delivered).To(days)}, {Name: "Failed", Count: sheet.Count(s.failed).To(failures)}, {Name: "Pending", Count: sheet.Count(s.pending).To(days)}}
	if s.requested == nil {
		return append(all, part{Name: "Requested", Count: sheet.None, IsSum: true})
	}
	rest, shown := *s.requested, int64(0)
	for i, n := range []*int64{s.delivered, s.failed, s.pending} {
		if n != nil {
			rest -= *n
			all[i].Share = sheet.Hundredths(*n, *s.requested, &shown)
		}
	}
	if rest != 0 {
		all = append(all, part{Name: "Not accounted for", Count: sheet.Whole(rest), Share: sheet.Hundredths(rest, *s.requested, &shown)})
	}
	return append(all, part{Name: "Requested", Count: sheet.Count(s.requested).To(days), IsSum: true})
}

// byDay sums each day of a vendor.
func (c choice) byDay(all []read.DayNumbers, vendor string) []sums {
	days := make([]sums, c.Last-c.First+1)
	for _, d := range all {
		if vendor == "" || string(d.Vendor) == vendor {
			days[d.Day-c.First].add(d)
		}
	}
	return days
}

// rate is what a line shows of a day: nothing where a part of it is not there.
func (s *sums) rate() chart.Value {
	return chart.Value{N: sheet.Share(s.delivered, s.requested), IsOpen: s.counts.Of(mark.IsNotFinal) > 0}
}

// trend compares two rates in words.
func (c choice) trend(now, before sums) (text, note, way string) {
	a, b := sheet.Share(now.delivered, now.requested), sheet.Share(before.delivered, before.requested)
	if a == nil || b == nil {
		return "", "", ""
	}
	with := "the days before"
	if c.compare == "year" {
		with = "last year"
	}
	points := 100 * (*a - *b)
	return sheet.Against(points), "against " + with + ", final days", sheet.Way(points)
}
