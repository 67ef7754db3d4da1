package capture

import (
	"fmt"
	"strings"

	"smsetl/sms"
)

// tencent is what an application of Tencent answered.
type tencent struct{ answers map[string]answer }

// tencentTable are the assumptions about Tencent.
var tencentTable = []assumption[tencent]{
	{"end_hour", "EndTime is inclusive: the hour that it names is inside", tencent.endHour},
	{"equal_times", "A call whose EndTime is its BeginTime is taken", tencent.equalTimes},
	{"days_32", "Both calls take 32 days", tencent.days},
	{"receipts", "CallbackCount is CallbackSuccessCount and CallbackFailCount", tencent.receipts},
	{"reasons", "The five reasons add up to CallbackFailCount", tencent.reasons},
	{"success", "RequestSuccessCount is the same in both answers", tencent.success},
	{"order", "There are no more receipts than messages handed on, and no more of these than requests", tencent.ordered},
	{"numbers", "Counts are whole numbers without quotes, and none is missing", tencent.numbers},
	{"today", "The day that is not over is told of", tencent.today},
	{"too_old", "A day before what the vendor keeps is refused, and not answered as 0", tencent.tooOld},
}

// actions are Tencent's datasets, with the counts that an answer holds.
var actions = map[sms.Dataset][]string{
	sms.SendStatus: {"FeeCount", "RequestCount", "RequestSuccessCount"},
	sms.CallbackStatus: {"CallbackCount", "RequestSuccessCount", "CallbackFailCount", "CallbackSuccessCount",
		"InternalErrorCount", "InvalidNumberCount", "ShutdownErrorCount", "BlackListCount", "FrequencyLimitCount"},
}

func (t tencent) of(d sms.Dataset, ask string) answer {
	if a, ok := t.answers[key(d, ask)]; ok {
		return a
	}
	return answer{Fixture: &Fixture{}, said: "not asked"}
}

// requests gives RequestCount of what was sent.
func (t tencent) requests(ask string) (n int64, ok bool) {
	a := t.of(sms.SendStatus, ask)
	if !a.isGood {
		return 0, false
	}
	return a.sums.number("RequestCount")
}

// endHour compares a day with its halves, an hour with its neighbour, and a day with the hour after it. What was sent does not
// change any more when receipts come in.
func (t tencent) endHour(j *Judgement) {
	whole, ok := t.requests(Day)
	morning, okMorning := t.requests(Morning)
	afternoon, okAfternoon := t.requests(Afternoon)
	if !ok || !okMorning || !okAfternoon {
		j.open("the day and its halves were not all answered")
		return
	}
	evidence := fmt.Sprintf("of %s, 00-23 holds %d requests, 00-11 and 12-23 hold %d and %d", t.of(sms.SendStatus, Day).Window, whole, morning, afternoon)
	noon, okNoon := t.requests(Noon)
	thirteen, okThirteen := t.requests(Hour13)
	two, okTwo := t.requests(NoonTo13)
	if okNoon && okThirteen && okTwo {
		evidence += fmt.Sprintf("; 12-12, 13-13 and 12-13 hold %d, %d and %d", noon, thirteen, two)
	}
	toNext, okToNext := t.requests(DayToNext)
	next, okNext := t.requests(NextHour)
	if okToNext && okNext {
		evidence += fmt.Sprintf("; to 00 of the next day it holds %d, and that hour alone %d", toNext, next)
	}
	switch {
	case whole == 0:
		j.open("%s: there is nothing to compare", evidence)
	case morning+afternoon < whole:
		j.told(false, "exclusive", "%s", evidence)
	case morning+afternoon > whole || okTwo && okNoon && okThirteen && two != noon+thirteen || okToNext && okNext && toNext != whole+next:
		j.told(false, "neither", "%s: this fits neither reading", evidence)
	case noon == 0 && next == 0:
		j.open("%s: nothing was sent in the hours that would tell", evidence)
	default:
		j.told(true, "inclusive", "%s", evidence)
	}
}

func (t tencent) equalTimes(j *Judgement) {
	a := t.of(sms.SendStatus, Noon)
	if a.Ask == "" || a.Failed != "" {
		j.open("%s", a.said)
		return
	}
	j.told(a.isGood, map[bool]string{true: "taken", false: "refused"}[a.isGood], "12 to 12: %s", a.said)
}

func (t tencent) days(j *Judgement) {
	var said []string
	good, asked := true, 0
	for _, d := range []sms.Dataset{sms.SendStatus, sms.CallbackStatus} {
		for _, ask := range []string{Days32, Days33} {
			a := t.of(d, ask)
			if a.Ask == "" || a.Failed != "" {
				continue
			}
			said = append(said, fmt.Sprintf("%s of %s days: %s", d, strings.TrimPrefix(ask, "days_"), a.said))
			if ask == Days32 {
				asked++
				good = good && a.isGood
			}
		}
	}
	if asked < 2 {
		j.open("it was not asked, or not answered")
		return
	}
	j.told(good, map[bool]string{true: "taken", false: "refused"}[good], "%s", strings.Join(said, "; "))
}

// pairs calls do for every question that both actions answered.
func (t tencent) pairs(do func(ask string, send, callback row)) {
	for _, ask := range []string{Yesterday, Day, DayToNext, NextHour, Days32, Today} {
		send, callback := t.of(sms.SendStatus, ask), t.of(sms.CallbackStatus, ask)
		if send.isGood && callback.isGood {
			do(ask, send.sums, callback.sums)
		}
	}
}

// compare judges what should hold in every pair of answers. check gives what was compared, "" when there was nothing to.
func (t tencent) compare(j *Judgement, check func(send, callback row) (isSo bool, what string)) {
	var right, wrong []string
	t.pairs(func(ask string, send, callback row) {
		isSo, what := check(send, callback)
		switch {
		case what == "":
		case isSo:
			right = append(right, ask+": "+what)
		default:
			wrong = append(wrong, ask+": "+what)
		}
	})
	switch {
	case len(wrong) > 0:
		j.told(false, "no", "%s", strings.Join(wrong, "; "))
	case len(right) > 0:
		j.told(true, "yes", "%s", strings.Join(right, "; "))
	default:
		j.open("no answers to compare, or nothing but 0 in them")
	}
}

func (t tencent) receipts(j *Judgement) {
	t.compare(j, func(_, c row) (bool, string) {
		all, a := c.number("CallbackCount")
		success, b := c.number("CallbackSuccessCount")
		fail, d := c.number("CallbackFailCount")
		if !a || !b || !d || all == 0 {
			return false, ""
		}
		return all == success+fail, fmt.Sprintf("%d = %d + %d", all, success, fail)
	})
}

func (t tencent) reasons(j *Judgement) {
	t.compare(j, func(_, c row) (bool, string) {
		fail, ok := c.number("CallbackFailCount")
		if !ok || fail == 0 {
			return false, ""
		}
		var sum int64
		for _, field := range actions[sms.CallbackStatus][4:] {
			n, _ := c.number(field)
			sum += n
		}
		return sum == fail, fmt.Sprintf("%d of %d", sum, fail)
	})
}

func (t tencent) success(j *Judgement) {
	t.compare(j, func(s, c row) (bool, string) {
		a, ok := s.number("RequestSuccessCount")
		b, okToo := c.number("RequestSuccessCount")
		if !ok || !okToo || a == 0 && b == 0 {
			return false, ""
		}
		return a == b, fmt.Sprintf("%d and %d", a, b)
	})
}

func (t tencent) ordered(j *Judgement) {
	t.compare(j, func(s, c row) (bool, string) {
		requests, a := s.number("RequestCount")
		success, b := s.number("RequestSuccessCount")
		receipts, d := c.number("CallbackCount")
		if !a || !b || !d || requests == 0 {
			return false, ""
		}
		return receipts <= success && success <= requests, fmt.Sprintf("%d, %d, %d", requests, success, receipts)
	})
}

func (t tencent) numbers(j *Judgement) {
	forms := tally{}
	for _, name := range sortedKeys(t.answers) {
		if a := t.answers[name]; a.isGood {
			for _, field := range actions[a.Dataset] {
				v, ok := a.sums[field]
				forms[form(v, ok)]++
			}
		}
	}
	if len(forms) == 0 {
		j.open("no answer holds sums")
		return
	}
	j.told(len(forms) == 1 && forms["number"] > 0, strings.Join(sortedKeys(forms), ", "), "%s", forms)
}

func (t tencent) today(j *Judgement) {
	a := t.of(sms.SendStatus, Today)
	n, ok := t.requests(Today)
	switch {
	case a.Ask == "" || a.Failed != "":
		j.open("%s", a.said)
	case !a.isGood:
		j.told(false, "refused", "%s", a.said)
	case ok && n > 0:
		j.told(true, "told", "%d requests at %s", n, a.AskedAt)
	default:
		j.open("0 requests at %s: nothing was sent yet, or nothing is told yet", a.AskedAt)
	}
}

func (t tencent) tooOld(j *Judgement) {
	a := t.of(sms.SendStatus, TooOld)
	n, ok := t.requests(TooOld)
	switch {
	case a.Ask == "" || a.Failed != "":
		j.open("%s", a.said)
	case !a.isGood:
		j.told(true, "refused", "%s: %s", a.Window, a.said)
	case ok && n > 0:
		j.open("%s holds %d requests: a day that old is kept", a.Window, n)
	default:
		j.told(false, "zeros", "%s: 0. An application that was not there yet would look the same", a.Window)
	}
}
