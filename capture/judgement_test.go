package capture

import (
	"fmt"
	"strings"
	"testing"

	"smsetl/extract"
	"smsetl/sms"
)

// said makes an answer of the account; a body that begins with a digit is a status with a body.
func said(d sms.Dataset, ask, body string) Fixture {
	f := Fixture{Ask: ask, Vendor: sms.EngageLab, Account: "u", Dataset: d, Window: "2026-10-25/2026-11-21", Status: 200,
		Request: Request{Path: "/v1/" + string(d)}}
	if d == sms.SendStatus || d == sms.CallbackStatus {
		f.Vendor = sms.Tencent
	}
	if code, rest, ok := strings.Cut(body, " "); ok && len(code) == 3 {
		fmt.Sscan(code, &f.Status)
		body = rest
	}
	f.SetBytes([]byte(body))
	return f
}

func stats(rows ...string) string {
	return fmt.Sprintf(`{"result":[%s],"count":%d}`, strings.Join(rows, ","), len(rows))
}

// stat is a row of stats_day: label, type, then targets, sent, process_failed, delivered, send_failed, wait_result.
func stat(label, kind string, n ...int) string {
	return fmt.Sprintf(`{"send_date":"2026-11-20","sms_user":"u","template_id":1,"label_id":%s,"msg_type":"%s","targets":%d,"sent":%d,`+
		`"process_failed":%d,"delivered":%d,"send_failed":%d,"wait_result":%d}`, label, kind, n[0], n[1], n[2], n[3], n[4], n[5])
}

func failed(kind string, n int) string {
	return fmt.Sprintf(`{"send_date":"2026-11-20","sms_user":"u","template_id":1,"label_id":2,"msg_type":"%s","other":%d}`, kind, n)
}

func sums(action string, n ...int) string {
	if action == "Send" {
		return fmt.Sprintf(`{"Response":{"SendStatusStatistics":{"FeeCount":%d,"RequestCount":%d,"RequestSuccessCount":%d},"RequestId":"r"}}`, n[0], n[0], n[0])
	}
	return fmt.Sprintf(`{"Response":{"CallbackStatusStatistics":{"CallbackCount":%d,"RequestSuccessCount":%d,"CallbackFailCount":%d,"CallbackSuccessCount":%d,`+
		`"InternalErrorCount":%d,"InvalidNumberCount":0,"ShutdownErrorCount":0,"BlackListCount":0,"FrequencyLimitCount":0},"RequestId":"r"}}`, n[0], n[1], n[2], n[3], n[4])
}

// The questions by short names, so that the table below stays readable.
const (
	Rows      = extract.AskRows
	Sums      = extract.AskSums
	Rows2     = extract.AskRows2
	OtherPath = extract.AskOtherPath
	Days89    = extract.AskDays89
	Days90    = extract.AskDays90
	EmptyDay  = extract.AskEmptyDay
	Today     = extract.AskToday
	TooOld    = extract.AskTooOld
	Day       = extract.AskDay
	Morning   = extract.AskMorning
	Afternoon = extract.AskAfternoon
	Noon      = extract.AskNoon
	NoonTo13  = extract.AskNoonTo13
	Hour13    = extract.AskHour13
	Days32    = extract.AskDays32

	sd, pf, sf = sms.StatsDay, sms.ProcessFailed, sms.SendFailed
	ss, cs     = sms.SendStatus, sms.CallbackStatus
)

// Every assumption has an answer under which it holds, one under which it does not, and one that does not tell.
func TestJudge(t *testing.T) {
	two, zero := stat("2", "2", 10, 8, 2, 5, 2, 1), stat("2", "0", 4, 3, 1, 2, 1, 0)
	for _, c := range []struct {
		name, question string
		answers        []Fixture
		result         Result
		answer         string
	}{
		{"found", "paths", []Fixture{said(sd, Rows, stats()), said(pf, Rows, stats()), said(sf, Rows, stats())}, Held, "as documented"},
		{"at the example's address", "paths", []Fixture{said(sd, Rows, `404 {"code":1}`), said(sd, OtherPath, stats()), said(pf, Rows, stats()), said(sf, Rows, stats())}, DidNot, "stats_day at /v1/stats_day"},
		{"not found", "paths", []Fixture{said(sd, Rows, `404 {"code":1}`)}, DidNot, "stats_day not found"},
		{"denied", "paths", []Fixture{said(sd, Rows, `401 {"code":30000,"message":"no"}`)}, Undecided, ""},
		{"right", "count", []Fixture{said(sd, Rows, stats(two))}, Held, "rows"},
		{"as a text", "count", []Fixture{said(sd, Rows, `{"result":[],"count":"0"}`)}, Held, "rows"},
		{"too many", "count", []Fixture{said(sd, Rows, `{"result":[],"count":1}`)}, DidNot, "differs"},
		{"absent", "count", []Fixture{said(sd, Rows, `{"result":[]}`)}, DidNot, "absent"},
		{"named", "sms_user", []Fixture{said(sd, Rows, stats(two)), said(pf, Rows, stats(failed("2", 2)))}, Held, "named"},
		{"another's", "sms_user", []Fixture{said(sd, Rows, strings.ReplaceAll(stats(two), `"u"`, `"v"`))}, Held, "named, others too"},
		{"unnamed", "sms_user", []Fixture{said(sd, Rows, stats(two)), said(pf, Rows, `{"result":[{"other":1}],"count":1}`)}, DidNot, "not in process_failed"},
		{"no rows", "sms_user", []Fixture{said(sd, Rows, stats())}, Undecided, ""},
		{"once", "keys", []Fixture{said(sd, Rows, stats(two, zero))}, Held, "once"},
		{"twice, with none written in two ways", "keys", []Fixture{said(sd, Rows, stats(stat("0", "2", 1, 1, 0, 1, 0, 0), stat("null", "2", 1, 1, 0, 1, 0, 0)))}, DidNot, "repeated"},
		{"agrees", "aggregate", []Fixture{said(sd, Rows, stats(two, zero)), said(sd, Sums, `{"result":{"msg_type":"2","targets":14,"sent":11}}`)}, Held, "agrees"},
		{"other sums", "aggregate", []Fixture{said(sd, Rows, stats(two)), said(sd, Sums, `{"result":{"targets":11}}`)}, DidNot, "differs"},
		{"rows instead", "aggregate", []Fixture{said(sd, Rows, stats(two)), said(sd, Sums, stats(two))}, DidNot, "not given"},
		{"refused", "aggregate", []Fixture{said(sd, Rows, stats(two)), said(sd, Sums, `400 {"code":35001}`)}, DidNot, "not given"},
		{"agree", "failures", []Fixture{said(sd, Rows, stats(two)), said(pf, Rows, stats(failed("2", 2))), said(sf, Rows, stats(failed("2", 2)))}, Held, "agree"},
		{"no reasons", "failures", []Fixture{said(sd, Rows, stats(two)), said(pf, Rows, stats())}, DidNot, "differ"},
		{"nothing failed", "failures", []Fixture{said(sd, Rows, stats()), said(pf, Rows, stats())}, Undecided, ""},
		{"taken", "days_90", []Fixture{said(sd, Days90, stats())}, Held, "taken"},
		{"89 alone", "days_90", []Fixture{said(sd, Days90, `400 {"code":1}`), said(sd, Days89, stats())}, DidNot, refused90},
		{"neither", "days_90", []Fixture{said(sd, Days90, `400 {"code":1}`), said(sd, Days89, `400 {"code":1}`)}, DidNot, "refused, 89 too"},
		{"handed on", "sent", []Fixture{said(sd, Rows, stats(two))}, Held, "handed on"},
		{"queued", "sent", []Fixture{said(sd, Rows, stats(stat("2", "2", 10, 2, 1, 5, 1, 1)))}, DidNot, "still queued"},
		{"delivered", "sent", []Fixture{said(sd, Rows, stats(two, stat("2", "2", 10, 5, 2, 5, 2, 1))), said(sd, Days90, stats(stat("2", "2", 10, 5, 2, 5, 2, 1)))}, DidNot, "neither"},
		{"all delivered", "sent", []Fixture{said(sd, Rows, stats(stat("2", "2", 5, 5, 0, 5, 0, 0)))}, Undecided, ""},
		{"no sent", "sent", []Fixture{said(sd, Rows, `{"result":[{"targets":1}],"count":1}`)}, DidNot, "absent"},
		{"2", "msg_type_default", calledWith(stats(two), stats(two), stats(failed("2", 2)), stats(failed("2", 2))), Held, "2"},
		{"all types", "msg_type_default", calledWith(stats(two, zero), stats(two), stats(failed("2", 2), failed("0", 1)), stats(failed("2", 2))), Held, "not 2"},
		{"all, and no domestic one failed", "msg_type_default", calledWith(stats(two, stat("2", "0", 4, 4, 0, 4, 0, 0)), stats(two), stats(failed("2", 2)), stats(failed("2", 2))), Held, "not 2"},
		{"one is 2", "msg_type_default", calledWith(stats(two, zero), stats(two), stats(failed("2", 2)), stats(failed("2", 2))), DidNot, differs},
		{"one is not 2", "msg_type_default", calledWith(stats(two), stats(two), stats(failed("2", 2), failed("0", 1)), stats(failed("2", 2))), DidNot, differs},
		{"not asked", "msg_type_default", []Fixture{said(sd, Rows, stats(two))}, Undecided, ""},
		{"one way", "no_label", []Fixture{said(sd, Rows, stats(stat("0", "2", 1, 1, 0, 1, 0, 0), stat("0", "2", 1, 1, 0, 1, 0, 0)))}, Held, "one"},
		{"two ways", "no_label", []Fixture{said(sd, Rows, stats(stat("0", "2", 1, 1, 0, 1, 0, 0), stat(`"None"`, "2", 1, 1, 0, 1, 0, 0)))}, DidNot, "several"},
		{"always one", "no_label", []Fixture{said(sd, Rows, stats(two))}, Undecided, ""},
		{"texts", "numbers", []Fixture{said(sd, Rows, `{"result":[{"targets":"1","sent":null,"other":0.0}]}`)}, DidNot, "decimal, null, text"},
		{"a time", "send_date", []Fixture{said(sd, Rows, `{"result":[{"send_date":"2026-11-20 00:00:00"}]}`)}, DidNot, "date and time"},
		{"absent", "empty_day", []Fixture{said(sd, Rows, stats(two)), said(sd, EmptyDay, stats())}, Held, "absent"},
		{"zeros", "empty_day", []Fixture{said(sd, Rows, stats(two, strings.Replace(stat("2", "2", 0, 0, 0, 0, 0, 0), "-20", "-21", 1)))}, DidNot, "zeros"},
		{"told", "today", []Fixture{said(sd, Today, stats(two))}, Held, "told"},
		{"quiet", "today", []Fixture{said(sd, Today, stats())}, Undecided, ""},
		{"refused", "too_old", []Fixture{said(sd, TooOld, `400 {"code":1}`)}, Held, "refused"},
		{"empty", "too_old", []Fixture{said(sd, TooOld, stats())}, DidNot, "empty"},
		{"kept", "too_old", []Fixture{said(sd, TooOld, stats(two))}, Undecided, ""},

		{"inclusive", "end_hour", hoursOf(30, 12, 18, 3, 2, 5), Held, "inclusive"},
		{"exclusive", "end_hour", hoursOf(28, 11, 16, 0, 0, 3), DidNot, "exclusive"},
		{"odd", "end_hour", hoursOf(28, 20, 16, 3, 2, 5), DidNot, "neither"},
		{"quiet", "end_hour", hoursOf(0, 0, 0, 0, 0, 0), Undecided, ""},
		{"nothing at noon and at midnight", "end_hour", hoursOf(30, 12, 18, 0, 2, 2), Undecided, ""},
		{"taken", "equal_times", []Fixture{said(ss, Noon, sums("Send", 1))}, Held, "taken"},
		{"refused", "equal_times", []Fixture{said(ss, Noon, `{"Response":{"Error":{"Code":"InvalidParameterValue.EndTimeVerifyFail"}}}`)}, DidNot, "refused"},
		{"both", "days_32", []Fixture{said(ss, Days32, sums("Send", 1)), said(cs, Days32, sums("", 1, 1, 0, 1, 0))}, Held, "taken"},
		{"one refused", "days_32", []Fixture{said(ss, Days32, sums("Send", 1)), said(cs, Days32, `{"Response":{"Error":{"Code":"x"}}}`)}, DidNot, "refused"},
		{"adds up", "receipts", []Fixture{said(ss, Day, sums("Send", 9)), said(cs, Day, sums("", 8, 9, 3, 5, 3))}, Held, "yes"},
		{"does not", "receipts", []Fixture{said(ss, Day, sums("Send", 9)), said(cs, Day, sums("", 9, 9, 3, 5, 3))}, DidNot, "no"},
		{"adds up", "reasons", []Fixture{said(ss, Day, sums("Send", 9)), said(cs, Day, sums("", 8, 9, 3, 5, 3))}, Held, "yes"},
		{"a rest", "reasons", []Fixture{said(ss, Day, sums("Send", 9)), said(cs, Day, sums("", 8, 9, 3, 5, 2))}, DidNot, "no"},
		{"equal", "success", []Fixture{said(ss, Day, sums("Send", 9)), said(cs, Day, sums("", 8, 9, 3, 5, 3))}, Held, "yes"},
		{"moved", "success", []Fixture{said(ss, Day, sums("Send", 9)), said(cs, Day, sums("", 8, 8, 3, 5, 3))}, DidNot, "no"},
		{"more receipts", "order", []Fixture{said(ss, Day, sums("Send", 7)), said(cs, Day, sums("", 8, 7, 3, 5, 3))}, DidNot, "no"},
		{"zeros", "too_old", []Fixture{said(ss, TooOld, sums("Send", 0))}, DidNot, "zeros"},
	} {
		t.Run(c.question+"/"+c.name, func(t *testing.T) {
			for _, j := range Judge([]Account{{Vendor: c.answers[0].Vendor, ID: "u"}}, c.answers) {
				if j.Question != c.question {
					continue
				}
				if j.Result != c.result || j.Answer != c.answer || j.Evidence == "" {
					t.Errorf("%s %q: %s; want %s %q", j.Result, j.Answer, j.Evidence, c.result, c.answer)
				}
				return
			}
			t.Error("nobody judges it")
		})
	}
}

// calledWith are the answers without and with msg_type; no message failed after it was handed on.
func calledWith(stats, stats2, process, process2 string) []Fixture {
	stats, stats2 = strings.ReplaceAll(stats, `"send_failed":2`, `"send_failed":0`), strings.ReplaceAll(stats2, `"send_failed":2`, `"send_failed":0`)
	stats = strings.ReplaceAll(stats, `"send_failed":1`, `"send_failed":0`)
	return []Fixture{said(sd, Rows, stats), said(sd, Rows2, stats2), said(pf, Rows, process), said(pf, Rows2, process2),
		said(sf, Rows, `{"result":[],"count":0}`), said(sf, Rows2, `{"result":[],"count":0}`)}
}

func hoursOf(whole, morning, afternoon, noon, thirteen, two int) []Fixture {
	return []Fixture{said(ss, Day, sums("Send", whole)), said(ss, Morning, sums("Send", morning)), said(ss, Afternoon, sums("Send", afternoon)),
		said(ss, Noon, sums("Send", noon)), said(ss, Hour13, sums("Send", thirteen)), said(ss, NoonTo13, sums("Send", two))}
}
