package capture

import (
	"fmt"
	"strings"

	"smsetl/extract"
	"smsetl/sms"
)

// tencentTable are the assumptions about Tencent.
var tencentTable = []assumption{
	{"end_hour", "EndTime is inclusive: the hour that it names is inside", endHour},
	{"equal_times", "A call whose EndTime is its BeginTime is taken", equalTimes},
	{"days_32", "Both calls take 32 days", days32},
	{"receipts", "CallbackCount is CallbackSuccessCount and CallbackFailCount", pairwise(receipts)},
	{"reasons", "The five reasons add up to CallbackFailCount", pairwise(fiveReasons)},
	{"success", "RequestSuccessCount is the same in both answers", pairwise(success)},
	{"order", "There are no more receipts than messages handed on, and no more of these than requests",
		pairwise(ordered)},
	{"numbers", "Counts are whole numbers without quotes, and none is missing", tencentNumbers},
	{"today", "The day that is not over is told of", tencentToday},
	{"too_old", "A day before what the vendor keeps is refused, and not answered as 0", tencentTooOld},
}

// actions are Tencent's datasets, with the counts that an answer holds.
var actions = map[sms.Dataset][]string{
	sms.SendStatus: {"FeeCount", "RequestCount", "RequestSuccessCount"},
	sms.CallbackStatus: {"CallbackCount", "RequestSuccessCount", "CallbackFailCount", "CallbackSuccessCount",
		"InternalErrorCount", "InvalidNumberCount", "ShutdownErrorCount", "BlackListCount", "FrequencyLimitCount"},
}

// requests gives RequestCount of what was sent, question by question; ok is false when one of them has none.
func (e evidence) requests(asks ...string) (n []int64, ok bool) {
	n, ok = make([]int64, len(asks)), true
	for i, ask := range asks {
		isNumber := false
		if a := e.of(sms.SendStatus, ask); a.isGood {
			n[i], isNumber = a.sums.number("RequestCount")
		}
		ok = ok && isNumber
	}
	return n, ok
}

// endHour compares a day with its halves, an hour with its neighbour, and a day with the hour after it. What was sent
// does not change any more when receipts come in.
func endHour(e evidence, j *Judgement) {
	halves, ok := e.requests(extract.AskDay, extract.AskMorning, extract.AskAfternoon)
	if !ok {
		j.open("the day and its halves were not all answered")
		return
	}
	whole, morning, afternoon := halves[0], halves[1], halves[2]
	text := fmt.Sprintf("of %s, 00-23 holds %d requests, 00-11 and 12-23 hold %d and %d",
		e.of(sms.SendStatus, extract.AskDay).Window, whole, morning, afternoon)
	noon, okNoon := e.requests(extract.AskNoon, extract.AskHour13, extract.AskNoonTo13)
	if okNoon {
		text += fmt.Sprintf("; 12-12, 13-13 and 12-13 hold %d, %d and %d", noon[0], noon[1], noon[2])
	}
	next, okNext := e.requests(extract.AskDayToNext, extract.AskNextHour)
	if okNext {
		text += fmt.Sprintf("; to 00 of the next day it holds %d, and that hour alone %d", next[0], next[1])
	}
	switch {
	case whole == 0:
		j.open("%s: there is nothing to compare", text)
	case morning+afternoon < whole:
		j.settle(false, "exclusive", "%s", text)
	case morning+afternoon > whole || okNoon && noon[2] != noon[0]+noon[1] || okNext && next[0] != whole+next[1]:
		j.settle(false, "neither", "%s: this fits neither reading", text)
	case noon[0] == 0 && next[1] == 0:
		j.open("%s: nothing was sent in the hours that would tell", text)
	default:
		j.settle(true, "inclusive", "%s", text)
	}
}

// takenOrNot are the answers to whether something is taken.
var takenOrNot = map[bool]string{true: "taken", false: "refused"}

func equalTimes(e evidence, j *Judgement) {
	a := e.of(sms.SendStatus, extract.AskNoon)
	if !a.isAnswered() {
		j.open("%s", a.summary)
		return
	}
	j.settle(a.isGood, takenOrNot[a.isGood], "12 to 12: %s", a.summary)
}

func days32(e evidence, j *Judgement) {
	both := []sms.Dataset{sms.SendStatus, sms.CallbackStatus}
	taken, refused, all := e.windows(both, []string{extract.AskDays32, extract.AskDays33}, extract.AskDays32)
	if taken+refused < 2 {
		j.open(notAsked)
		return
	}
	j.settle(refused == 0, takenOrNot[refused == 0], "%s", all)
}

// pairwise judges what should hold in every pair of answers of both actions. check gives what was compared, "" when
// there was nothing to compare.
func pairwise(check func(send, callback row) (isSo bool, what string)) func(evidence, *Judgement) {
	asks := []string{extract.AskYesterday, extract.AskDay, extract.AskDayToNext, extract.AskNextHour, extract.AskDays32,
		extract.AskToday}
	return func(e evidence, j *Judgement) {
		found := map[bool][]string{}
		for _, ask := range asks {
			send, callback := e.of(sms.SendStatus, ask), e.of(sms.CallbackStatus, ask)
			if !send.isGood || !callback.isGood {
				continue
			}
			if isSo, what := check(send.sums, callback.sums); what != "" {
				found[isSo] = append(found[isSo], ask+": "+what)
			}
		}
		switch {
		case len(found[false]) > 0:
			j.settle(false, "no", "%s", strings.Join(found[false], "; "))
		case len(found[true]) > 0:
			j.settle(true, "yes", "%s", strings.Join(found[true], "; "))
		default:
			j.open("no answers to compare, or nothing but 0 in them")
		}
	}
}

func receipts(_, c row) (bool, string) {
	n, ok := c.numbers("CallbackCount", "CallbackSuccessCount", "CallbackFailCount")
	if !ok || n[0] == 0 {
		return false, ""
	}
	return n[0] == n[1]+n[2], fmt.Sprintf("%d = %d + %d", n[0], n[1], n[2])
}

func fiveReasons(_, c row) (bool, string) {
	fail, ok := c.number("CallbackFailCount")
	if !ok || fail == 0 {
		return false, ""
	}
	var sum int64
	for _, field := range actions[sms.CallbackStatus][4:] {
		sum += total([]row{c}, field)
	}
	return sum == fail, fmt.Sprintf("%d of %d", sum, fail)
}

func success(s, c row) (bool, string) {
	a, ok := s.number("RequestSuccessCount")
	b, okToo := c.number("RequestSuccessCount")
	if !ok || !okToo || a == 0 && b == 0 {
		return false, ""
	}
	return a == b, fmt.Sprintf("%d and %d", a, b)
}

func ordered(s, c row) (bool, string) {
	sent, ok := s.numbers("RequestCount", "RequestSuccessCount")
	back, okToo := c.number("CallbackCount")
	if !ok || !okToo || sent[0] == 0 {
		return false, ""
	}
	return back <= sent[1] && sent[1] <= sent[0], fmt.Sprintf("%d, %d, %d", sent[0], sent[1], back)
}

func tencentNumbers(e evidence, j *Judgement) {
	forms := counts{}
	for _, a := range e.answers {
		for _, field := range actions[a.Dataset] {
			if a.isGood {
				forms[form(a.sums[field])]++
			}
		}
	}
	j.written(forms, "number", "no answer holds sums")
}

func tencentToday(e evidence, j *Judgement) {
	a, busy := e.of(sms.SendStatus, extract.AskToday), ""
	if n, ok := a.sums.number("RequestCount"); ok && n > 0 {
		busy = fmt.Sprintf("%d requests", n)
	}
	j.today(a, busy, "0 requests at "+a.AskedAt)
}

func tencentTooOld(e evidence, j *Judgement) {
	a := e.of(sms.SendStatus, extract.AskTooOld)
	n, ok := a.sums.number("RequestCount")
	switch {
	case !a.isAnswered():
		j.open("%s", a.summary)
	case !a.isGood:
		j.settle(true, "refused", "%s: %s", a.Window, a.summary)
	case ok && n > 0:
		j.open("%s holds %d requests: a day that old is kept", a.Window, n)
	default:
		j.settle(false, "zeros", "%s: 0. An application that was not there yet would look the same", a.Window)
	}
}
