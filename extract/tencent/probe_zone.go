package tencent

import (
	"fmt"
	"slices"
	"time"

	"smsetl/sms"
)

// What the vendor may do with the day that is not over.
const (
	reported = "told"
	withheld = "withheld" // windows are cut at the end of yesterday
)

// How exact the end of what is reported is known. Signatures are refused when clocks are five minutes apart, so the
// vendor's is no farther from ours. How late the vendor counts is not documented; more than three hours would look like
// another zone.
const (
	mostSkew = 5 * time.Minute
	mostLag  = 3 // hours
)

// easternmost is the offset of the zone whose hours come first.
const easternmost = 14 * time.Hour

// enoughMessages is how many messages two earlier weeks must have had in hours of which nothing is reported, before
// silence means something.
const enoughMessages = 100

// reading is one way to understand the vendor's hours: in which zone they are, and what is reported of the day that is
// not over. Nobody can report messages that are not sent yet, so each reading says where what is reported ends: not
// before the hour must, and not after the hour until.
type reading struct {
	zone        sms.Zone
	today       string
	must, until hour
}

func (p *probe) readings() []reading {
	var all []reading
	for _, z := range p.zones {
		early, late := hourAt(p.now.Add(-mostSkew), z), hourAt(p.now.Add(mostSkew), z)
		all = append(all,
			reading{z, reported, early - mostLag, late},
			reading{z, withheld, hourOf(early.day(), 0) - 1, hourOf(late.day(), 0) - 1})
	}
	return all
}

// span is the hours after one hour up to another, which is inside.
type span struct{ after, upTo hour }

// call gives the call for the span, or for the same hours some weeks before.
func (s span) call(end EndHour, weeksBefore int) call {
	c := call{begin: s.after + 1, end: s.upTo}
	if end == Exclusive {
		c.end++
	}
	back := hour(weeksBefore * 7 * 24)
	c.begin, c.end = c.begin-back, c.end-back
	return c
}

// spans cuts the hours around now where the readings differ, newest first. Of the first span no reading can tell: it
// holds the hours that are over in the easternmost zone of the world alone.
func (p *probe) spans() []span {
	cuts := []hour{hourAt(p.now.Add(mostSkew+easternmost), sms.Zone{})}
	for _, r := range p.readings() {
		cuts = append(cuts, r.must-1, r.must, r.until)
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	var all []span
	for k := len(cuts) - 1; k > 0; k-- {
		all = append(all, span{cuts[k-1], cuts[k]})
	}
	return all
}

// newest gives the newest span that something is reported of; ok is false as long as none is known.
func (p *probe) newest() (newest span, ok bool) {
	end, _ := p.ending()
	for _, s := range p.spans() {
		if p.replies[s.call(end, 0)].sums != (sums{}) {
			return s, true
		}
	}
	return span{}, false
}

// boundaryCalls go from the newest hours that any reading can report to older ones until something is reported. For
// hours that some reading should report, and of which nothing is reported, they ask what was sent in the same hours one
// and two weeks before.
func (p *probe) boundaryCalls() []call {
	end, _ := p.ending()
	var calls []call
	for _, s := range p.spans() {
		c := s.call(end, 0)
		calls = append(calls, c)
		if r, known := p.replies[c]; !known || r.sums != (sums{}) {
			break
		}
	}
	newest, ok := p.newest()
	if !ok {
		return calls
	}
	for _, r := range p.readings() {
		for _, s := range p.silence(newest, r) {
			calls = append(calls, s.call(end, 1), s.call(end, 2))
		}
	}
	slices.SortFunc(calls, func(a, b call) int { return int(b.begin - a.begin) })
	return slices.Compact(calls)
}

// silence gives the spans of which the reading should report something and nothing is reported.
func (p *probe) silence(newest span, r reading) []span {
	var all []span
	for _, s := range p.spans() {
		if s.after >= newest.upTo && s.upTo <= r.must {
			all = append(all, s)
		}
	}
	return all
}

// expected gives how many messages the quieter of the two weeks before had in the spans.
func (p *probe) expected(spans []span, end EndHour) int64 {
	var weeks [2]int64
	for _, s := range spans {
		for w := range weeks {
			weeks[w] += p.replies[s.call(end, w+1)].sums.messages()
		}
	}
	return min(weeks[0], weeks[1])
}

// boundary says in which zone the vendor's hours are and what is reported of the day that is not over; empty where the
// answers do not tell.
func (p *probe) boundary() (zone, today string, evidence []string) {
	end, _ := p.ending()
	newest, ok := p.newest()
	if !ok {
		spans := p.spans()
		return "", "", []string{fmt.Sprintf("zone: nothing is told of the hours from %s to %s, so their zone cannot be seen: "+
			"the application is quiet, or the vendor is silent", spans[len(spans)-1].after+1, spans[0].upTo)}
	}
	evidence = append(evidence, fmt.Sprintf("zone: the newest hours that anything is told of are in %s-%s, asked for at %s UTC: %d messages",
		newest.after+1, newest.upTo, p.now.UTC().Format(time.DateTime), p.replies[newest.call(end, 0)].sums.messages()))
	var fit, open []reading
	isSilent := false // of hours that a reading should tell of
	for _, r := range p.readings() {
		silent := p.silence(newest, r)
		what := fmt.Sprintf("zone: hours in %s, today %s: ", r.zone, r.today)
		gap := fmt.Sprintf("nothing is told of %s-%s, which had %d messages in the quieter of the two weeks before",
			newest.upTo+1, r.must, p.expected(silent, end))
		switch {
		case newest.after >= r.until:
			evidence = append(evidence, what+"not so, nothing after "+r.until.String()+" could be told yet")
		case len(silent) == 0:
			fit = append(fit, r)
		case p.expected(silent, end) >= enoughMessages:
			evidence = append(evidence, what+"not so, "+gap)
			isSilent = true
		default:
			open = append(open, r)
			evidence = append(evidence, what+"possible, "+gap)
		}
	}
	if len(fit) == 0 && isSilent {
		return "", "", append(evidence, "zone: no reading fits: the vendor is late or silent, or this machine's clock is wrong")
	}
	zone, today = agreed(append(fit, open...))
	return zone, today, append(evidence, conclusion(zone, today))
}

// agreed gives what the readings have in common.
func agreed(readings []reading) (zone, today string) {
	for k, r := range readings {
		if k == 0 {
			zone, today = r.zone.String(), r.today
		}
		if r.zone.String() != zone {
			zone = ""
		}
		if r.today != today {
			today = ""
		}
	}
	return zone, today
}

func conclusion(zone, today string) string {
	switch {
	case zone == "" && today == withheld:
		return "zone: windows are cut at the end of yesterday, which is the same day in every zone at this hour: ask again between 00:00 and 08:00 of +08:00"
	case zone == "":
		return "zone: no one reading fits: ask again at another hour of the day"
	case today == "":
		return "zone: so hours are in " + zone + "; whether the present day is told cannot be seen at this hour"
	default:
		return "zone: so hours are in " + zone + ", and the present day is " + today
	}
}
