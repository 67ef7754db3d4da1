package tencent

import (
	"fmt"
	"slices"
	"time"

	"smsetl/sms"
)

// sums are FeeCount, RequestCount and RequestSuccessCount of an answer. What was sent does not change any more when
// receipts come in, so answers from different moments can be compared.
type sums [3]int64

func (s sums) plus(o sums) sums {
	for i := range s {
		s[i] += o[i]
	}
	return s
}

// messages gives RequestCount.
func (s sums) messages() int64 { return s[1] }

// reply is what the vendor answered to a call about what was sent.
type reply struct {
	sums    sums
	refused string // the vendor's words when it does not take the call's times; the sums are 0 then
}

// probe is one probe of an account: the replies so far, which calls would tell more, and what follows. It knows no
// network and no clock, so a test can play the vendor.
type probe struct {
	day     sms.Day    // with messages, and long over in every zone; 0: there is none
	now     time.Time  // of asking
	zones   []sms.Zone // in which the vendor's hours may be, each once
	replies map[call]reply
}

func newProbe(day sms.Day, now time.Time, zones ...sms.Zone) *probe {
	p := &probe{day: day, now: now, replies: map[call]reply{}}
	for _, z := range zones {
		if !slices.Contains(p.zones, z) {
			p.zones = append(p.zones, z)
		}
	}
	return p
}

// next gives calls whose answers would tell more; none when nothing is left to ask.
func (p *probe) next() []call {
	if p.day == 0 {
		return nil
	}
	if calls := p.open(p.endingCalls()); len(calls) > 0 {
		return calls
	}
	return p.open(p.boundaryCalls())
}

func (p *probe) open(calls []call) []call {
	return slices.DeleteFunc(slices.Clone(calls), func(c call) bool {
		_, known := p.replies[c]
		return known
	})
}

// conclude says what follows from the replies.
func (p *probe) conclude() sms.ProbeResult {
	v := sms.ProbeResult{Day: p.day, AskedAt: p.now}
	if p.day == 0 {
		v.IsQuiet = true
		v.Evidence = []string{"no day of the last weeks has messages, so there is nothing to ask for"}
		return v
	}
	end, evidence := p.ending()
	v.EndHour, v.Evidence = string(end), evidence
	zone, today, evidence := p.boundary()
	v.HoursIn, v.Today = zone, today
	v.Evidence = append(v.Evidence, evidence...)
	_, isReported := p.newest()
	v.IsQuiet = !isReported
	return v
}

// The calls about a day. Those of an hour have an EndTime that equals BeginTime.
func (p *probe) at(first, last int) call {
	return call{begin: hourOf(p.day, first), end: hourOf(p.day, last)}
}

// endingCalls are the day whole, in halves and by hour, with the hours around it, and whole once more. The pairs of
// hours are asked for when a vendor who reports nothing of a single hour may have sent nothing around noon.
func (p *probe) endingCalls() []call {
	calls := []call{p.at(0, 23), p.at(0, 24), p.at(0, 11), p.at(12, 23), p.at(0, 12), p.at(24, 24)}
	for h := range 24 {
		calls = append(calls, p.at(h, h))
	}
	again := p.at(0, 23)
	again.again = true
	calls = append(calls, again)
	if len(p.open(calls)) == 0 && p.isSilentByHour() && !p.halvesOverlap() {
		for h := range 24 {
			calls = append(calls, p.at(h, h+1))
		}
	}
	return calls
}

func (p *probe) sumOf(first, last int) sums { return p.replies[p.at(first, last)].sums }

// isSilentByHour says that no call of one hour had anything.
func (p *probe) isSilentByHour() bool {
	return p.byHour() == sums{} && p.sumOf(24, 24) == sums{}
}

func (p *probe) byHour() (all sums) {
	for h := range 24 {
		all = all.plus(p.sumOf(h, h))
	}
	return all
}

// halvesOverlap says that 00-11 and 12-23 leave something out that 00-12 and 12-23 do not.
func (p *probe) halvesOverlap() bool {
	return p.sumOf(0, 11).plus(p.sumOf(12, 23)) != p.sumOf(0, 23)
}

// ending says how EndTime is read; empty when the answers do not tell.
func (p *probe) ending() (EndHour, []string) {
	whole := p.sumOf(0, 23)
	if c := p.at(0, 23); whole != p.replies[call{c.begin, c.end, true, 0}].sums {
		return "", []string{fmt.Sprintf("EndTime: the numbers of %s moved while they were asked for, "+
			"so nothing can be compared", p.day)}
	}
	evidence := []string{
		fmt.Sprintf("EndTime: of %s, the call 00-23 holds %d messages, 00-11 and 12-23 hold %d and %d, 00-12 holds %d, "+
			"and 24 calls of one hour (EndTime = BeginTime) hold %d together", p.day, whole.messages(),
			p.sumOf(0, 11).messages(), p.sumOf(12, 23).messages(), p.sumOf(0, 12).messages(), p.byHour().messages()),
		fmt.Sprintf("EndTime: 00 to 00 of the next day holds %d messages, and that hour alone %d",
			p.sumOf(0, 24).messages(), p.sumOf(24, 24).messages()),
	}
	if refused := p.replies[p.at(12, 12)].refused; refused != "" {
		evidence = append(evidence, "EndTime: a call whose EndTime is its BeginTime is "+refused)
	}
	switch {
	case whole == sums{}:
		return "", append(evidence, "EndTime: there is nothing to compare")
	case p.isInclusive():
		return Inclusive, append(evidence, "EndTime: so the hour that it names is inside")
	case p.isExclusive():
		return Exclusive, append(evidence, "EndTime: so the hour that it names is outside")
	default:
		return "", append(evidence, "EndTime: this fits neither reading, inside or outside")
	}
}

// isInclusive says that all sums are those of a vendor who counts the hour that EndTime names, and not those of one who
// does not.
func (p *probe) isInclusive() bool {
	whole := p.sumOf(0, 23)
	return p.byHour() == whole &&
		!p.halvesOverlap() &&
		p.sumOf(0, 12) == p.sumOf(0, 11).plus(p.sumOf(12, 12)) &&
		p.sumOf(0, 24) == whole.plus(p.sumOf(24, 24))
}

// isExclusive says that all sums are those of a vendor who does not count the hour that EndTime names, and not those of
// one who does and has nothing to report of a single hour.
func (p *probe) isExclusive() bool {
	if !p.isSilentByHour() || p.sumOf(0, 12).plus(p.sumOf(12, 23)) != p.sumOf(0, 23) {
		return false
	}
	if p.halvesOverlap() {
		return true
	}
	// Nothing was sent in the two hours that the halves leave out. Of a vendor who counts both ends, the pairs of hours
	// would hold everything twice but the first hour of this day and of the next.
	var pairs, twice sums
	for h := range 24 {
		pairs = pairs.plus(p.sumOf(h, h+1))
		if h > 0 && h < 23 {
			twice = twice.plus(p.sumOf(h, h+1))
		}
	}
	return twice != sums{} && pairs == p.sumOf(0, 24)
}
