package tencent

import (
	"fmt"
	"slices"
	"time"

	"smsetl/sms"
)

// What the vendor may do with the day that is not over.
const (
	told     = "told"
	withheld = "withheld" // windows are cut at the end of yesterday
)

// How exact the edge of what is told is known. Signatures are refused when clocks are five minutes apart, so the
// vendor's is no farther from ours. How late the vendor counts is not documented; more than three hours would look like
// another zone.
const (
	mostSkew = 5 * time.Minute
	mostLag  = 3 // hours
)

// easternmost is the offset of the zone whose hours come first.
const easternmost = 14 * time.Hour

// enoughMessages is how many messages two earlier weeks must have had in hours of which nothing is told, before silence
// means something.
const enoughMessages = 100

// reading is one way to understand the vendor's hours: in which zone they are, and what is told of the day that is not
// over. Nobody can tell of messages that are not sent yet, so each reading says where what is told ends: not before the
// hour must, and not after the hour until.
type reading struct {
	zone        sms.Zone
	today       string
	must, until hour
}

func (i *interview) readings() []reading {
	var all []reading
	for _, z := range i.zones {
		early, late := hourAt(i.now.Add(-mostSkew), z), hourAt(i.now.Add(mostSkew), z)
		all = append(all,
			reading{z, told, early - mostLag, late},
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
func (i *interview) spans() []span {
	cuts := []hour{hourAt(i.now.Add(mostSkew+easternmost), sms.Zone{})}
	for _, r := range i.readings() {
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

// newest gives the newest span that something is told of; ok is false as long as none is known.
func (i *interview) newest() (newest span, ok bool) {
	end, _ := i.ending()
	for _, s := range i.spans() {
		if i.said[s.call(end, 0)].sums != (sums{}) {
			return s, true
		}
	}
	return span{}, false
}

// edgeCalls go from the newest hours that any reading can tell of to older ones until something is told. For hours that
// some reading should tell of, and of which nothing is told, they ask what was sent in the same hours one and two weeks
// before.
func (i *interview) edgeCalls() []call {
	end, _ := i.ending()
	var calls []call
	for _, s := range i.spans() {
		c := s.call(end, 0)
		calls = append(calls, c)
		if said, known := i.said[c]; !known || said.sums != (sums{}) {
			break
		}
	}
	newest, ok := i.newest()
	if !ok {
		return calls
	}
	for _, r := range i.readings() {
		for _, s := range i.silence(newest, r) {
			calls = append(calls, s.call(end, 1), s.call(end, 2))
		}
	}
	slices.SortFunc(calls, func(a, b call) int { return int(b.begin - a.begin) })
	return slices.Compact(calls)
}

// silence gives the spans of which the reading should tell something and nothing is told.
func (i *interview) silence(newest span, r reading) []span {
	var all []span
	for _, s := range i.spans() {
		if s.after >= newest.upTo && s.upTo <= r.must {
			all = append(all, s)
		}
	}
	return all
}

// expected gives how many messages the quieter of the two weeks before had in the spans.
func (i *interview) expected(spans []span, end EndHour) int64 {
	var weeks [2]int64
	for _, s := range spans {
		for w := range weeks {
			weeks[w] += i.said[s.call(end, w+1)].sums.messages()
		}
	}
	return min(weeks[0], weeks[1])
}

// edge says in which zone the vendor's hours are and what is told of the day that is not over; empty where the answers
// do not tell.
func (i *interview) edge() (zone, today string, evidence []string) {
	end, _ := i.ending()
	newest, ok := i.newest()
	if !ok {
		spans := i.spans()
		return "", "", []string{fmt.Sprintf("zone: nothing is told of the hours from %s to %s, so their zone cannot be seen: "+
			"the application is quiet, or the vendor is silent", spans[len(spans)-1].after+1, spans[0].upTo)}
	}
	evidence = append(evidence, fmt.Sprintf("zone: the newest hours that anything is told of are in %s-%s, asked for at %s UTC: %d messages",
		newest.after+1, newest.upTo, i.now.UTC().Format(time.DateTime), i.said[newest.call(end, 0)].sums.messages()))
	var fit, open []reading
	isSilent := false // of hours that a reading should tell of
	for _, r := range i.readings() {
		silent := i.silence(newest, r)
		what := fmt.Sprintf("zone: hours in %s, today %s: ", r.zone, r.today)
		gap := fmt.Sprintf("nothing is told of %s-%s, which had %d messages in the quieter of the two weeks before",
			newest.upTo+1, r.must, i.expected(silent, end))
		switch {
		case newest.after >= r.until:
			evidence = append(evidence, what+"not so, nothing after "+r.until.String()+" could be told yet")
		case len(silent) == 0:
			fit = append(fit, r)
		case i.expected(silent, end) >= enoughMessages:
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
