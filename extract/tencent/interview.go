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

// reply is what the vendor said to a call about what was sent.
type reply struct {
	sums    sums
	refused string // the vendor's words when it does not take the call's times; the sums are 0 then
}

// interview is one probe: what was said so far, which calls would tell more, and what follows. It knows no network and
// no clock, so a test can play the vendor.
type interview struct {
	day   sms.Day    // with messages, and long over in every zone; 0: there is none
	now   time.Time  // of asking
	zones []sms.Zone // in which the vendor's hours may be, each once
	said  map[call]reply
}

func newInterview(day sms.Day, now time.Time, zones ...sms.Zone) *interview {
	i := &interview{day: day, now: now, said: map[call]reply{}}
	for _, z := range zones {
		if !slices.Contains(i.zones, z) {
			i.zones = append(i.zones, z)
		}
	}
	return i
}

// next gives calls whose answers would tell more; none when nothing is left to ask.
func (i *interview) next() []call {
	if i.day == 0 {
		return nil
	}
	if calls := i.unsaid(i.endingCalls()); len(calls) > 0 {
		return calls
	}
	return i.unsaid(i.edgeCalls())
}

func (i *interview) unsaid(calls []call) []call {
	return slices.DeleteFunc(slices.Clone(calls), func(c call) bool {
		_, known := i.said[c]
		return known
	})
}

// verdict says what follows from what was said.
func (i *interview) verdict() sms.Verdict {
	v := sms.Verdict{Day: i.day, AskedAt: i.now}
	if i.day == 0 {
		v.IsQuiet = true
		v.Evidence = []string{"no day of the last weeks has messages, so there is nothing to ask for"}
		return v
	}
	end, evidence := i.ending()
	v.EndHour, v.Evidence = string(end), evidence
	zone, today, evidence := i.edge()
	v.HoursIn, v.Today = zone, today
	v.Evidence = append(v.Evidence, evidence...)
	_, isHeard := i.newest()
	v.IsQuiet = !isHeard
	return v
}

// The calls about a day. Those of an hour have an EndTime that equals BeginTime.
func (i *interview) at(first, last int) call {
	return call{begin: hourOf(i.day, first), end: hourOf(i.day, last)}
}

// endingCalls are the day whole, in halves and by hour, with its edges, and whole once more. The pairs of hours are
// asked for when a vendor who tells nothing of a single hour may have sent nothing around noon.
func (i *interview) endingCalls() []call {
	calls := []call{i.at(0, 23), i.at(0, 24), i.at(0, 11), i.at(12, 23), i.at(0, 12), i.at(24, 24)}
	for h := range 24 {
		calls = append(calls, i.at(h, h))
	}
	again := i.at(0, 23)
	again.again = true
	calls = append(calls, again)
	if len(i.unsaid(calls)) == 0 && i.isSilentByHour() && !i.halvesOverlap() {
		for h := range 24 {
			calls = append(calls, i.at(h, h+1))
		}
	}
	return calls
}

func (i *interview) sumOf(first, last int) sums { return i.said[i.at(first, last)].sums }

// isSilentByHour says that no call of one hour told anything.
func (i *interview) isSilentByHour() bool {
	return i.byHour() == sums{} && i.sumOf(24, 24) == sums{}
}

func (i *interview) byHour() (all sums) {
	for h := range 24 {
		all = all.plus(i.sumOf(h, h))
	}
	return all
}

// halvesOverlap says that 00-11 and 12-23 leave something out that 00-12 and 12-23 do not.
func (i *interview) halvesOverlap() bool {
	return i.sumOf(0, 11).plus(i.sumOf(12, 23)) != i.sumOf(0, 23)
}

// ending says how EndTime is read; empty when the answers do not tell.
func (i *interview) ending() (EndHour, []string) {
	whole := i.sumOf(0, 23)
	if c := i.at(0, 23); whole != i.said[call{c.begin, c.end, true}].sums {
		return "", []string{fmt.Sprintf("EndTime: the numbers of %s moved while they were asked for, so nothing can be compared", i.day)}
	}
	said := []string{
		fmt.Sprintf("EndTime: of %s, the call 00-23 holds %d messages, 00-11 and 12-23 hold %d and %d, 00-12 holds %d, and 24 calls of one hour "+
			"(EndTime = BeginTime) hold %d together", i.day, whole.messages(), i.sumOf(0, 11).messages(), i.sumOf(12, 23).messages(),
			i.sumOf(0, 12).messages(), i.byHour().messages()),
		fmt.Sprintf("EndTime: 00 to 00 of the next day holds %d messages, and that hour alone %d", i.sumOf(0, 24).messages(), i.sumOf(24, 24).messages()),
	}
	if refused := i.said[i.at(12, 12)].refused; refused != "" {
		said = append(said, "EndTime: a call whose EndTime is its BeginTime is "+refused)
	}
	switch {
	case whole == sums{}:
		return "", append(said, "EndTime: there is nothing to compare")
	case i.isInclusive():
		return Inclusive, append(said, "EndTime: so the hour that it names is inside")
	case i.isExclusive():
		return Exclusive, append(said, "EndTime: so the hour that it names is outside")
	default:
		return "", append(said, "EndTime: this fits neither reading, inside or outside")
	}
}

// isInclusive says that all sums are those of a vendor who counts the hour that EndTime names, and not those of one who
// does not.
func (i *interview) isInclusive() bool {
	whole := i.sumOf(0, 23)
	return i.byHour() == whole &&
		!i.halvesOverlap() &&
		i.sumOf(0, 12) == i.sumOf(0, 11).plus(i.sumOf(12, 12)) &&
		i.sumOf(0, 24) == whole.plus(i.sumOf(24, 24))
}

// isExclusive says that all sums are those of a vendor who does not count the hour that EndTime names, and not those of
// one who does and has nothing to say of a single hour.
func (i *interview) isExclusive() bool {
	if !i.isSilentByHour() || i.sumOf(0, 12).plus(i.sumOf(12, 23)) != i.sumOf(0, 23) {
		return false
	}
	if i.halvesOverlap() {
		return true
	}
	// Nothing was sent in the two hours that the halves leave out. Of a vendor who counts both ends, the pairs of hours
	// would hold everything twice but the first hour of this day and of the next.
	var pairs, twice sums
	for h := range 24 {
		pairs = pairs.plus(i.sumOf(h, h+1))
		if h > 0 && h < 23 {
			twice = twice.plus(i.sumOf(h, h+1))
		}
	}
	return twice != sums{} && pairs == i.sumOf(0, 24)
}
