package load_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/check"
	"smsetl/sms"
)

// planted are the defects that the checks are for, each with what is to be found, and nothing else.
var planted = []struct {
	name    string
	account sms.Account
	plant   func(h *history)
	want    []string
}{
	{"requested_split", marketing, func(h *history) { plus(&h.rows("03-10")[0].ProcessingFailed, 7) }, []string{
		"error requested_split requested 03-10..03-10 1 days, 1863/1870 messages: 2026-03-10: requested is 1863, while accepted 1827 and processing_failed 43 make 1870",
		"error sent_reading sent 03-10..03-10 1 days, 1827/1827 messages: 2026-03-10: sent is 1827, requested 1863, processing_failed 43, delivered 1659, send_failed 168, pending 0: days on which sent is all that was handed on 89, what is still queued 0, neither 1",
		"warning failure_reasons processing 03-10..03-10 1 days, 43/36 messages: 2026-03-10: 43 failed in processing, while their reasons add up to 36",
	}},
	{"accepted_split", marketing, func(h *history) { plus(&h.rows("03-10")[1].Delivered, -9) }, []string{
		"error accepted_split accepted 03-10..03-10 1 days, 1827/1818 messages: 2026-03-10: accepted is 1827, while delivered 1650, send_failed 168, pending 0 and queued 0 make 1818",
		"error sent_reading sent 03-10..03-10 1 days, 1818/1827 messages: 2026-03-10: sent is 1827, requested 1863, processing_failed 36, delivered 1650, send_failed 168, pending 0: days on which sent is all that was handed on 89, what is still queued 0, neither 1",
	}},
	{"results above accepted, pending not reported", marketing, func(h *history) {
		for _, d := range h.rows("03-10") {
			plus(&d.Delivered, 500)
			d.Pending = sms.Count{}
		}
	}, []string{
		"error accepted_split results 03-10..03-10 1 days, 1827/3327 messages: 2026-03-10: delivered 3159 and send_failed 168 are more than accepted 1827",
		"warning billed_segments delivered 03-10..03-10 1 days, 3159/2447 segments: 2026-03-10: 2447 segments are billed for 1827 accepted and 3159 delivered messages",
		"info rate_jump delivery_rate 03-10..03-10 1 days, 89.04/169.57 percent: 2026-03-10: 169.57 % delivered (3159 of 1863), while 89.04 % is the middle of the 8 weeks before",
	}},
	{"receipts of another moment", app, func(h *history) { plus(&h.rows("03-10")[0].Delivered, -12) }, []string{
		"warning receipts submissions 03-10..03-10 1 days, 990/978 messages: 2026-03-10: 990 submissions succeeded by the send statistics and 978 by the receipts",
	}},
	{"receipts within the tolerance", app, func(h *history) { plus(&h.rows("03-10")[0].Delivered, -1) }, nil},
	{"more receipts than submissions", app, func(h *history) {
		plus(&h.rows("03-10")[0].Delivered, 200)
		h.rows("03-10")[0].Pending = sms.Count{}
	}, []string{
		"error receipts receipts 03-10..03-10 1 days, 990/1190 messages: 2026-03-10: delivered 1099 and send_failed 91 are more receipts than the 990 submissions that succeeded",
		"info rate_jump delivery_rate 03-10..03-10 1 days, 88.98/108.81 percent: 2026-03-10: 108.81 % delivered (1099 of 1010), while 88.98 % is the middle of the 8 weeks before",
	}},
	{"failure_reasons, processing", marketing, func(h *history) { plus(&h.failuresOf("03-10", sms.Processing)[0].Messages, 5) }, []string{
		"warning failure_reasons processing 03-10..03-10 1 days, 36/41 messages: 2026-03-10: 36 failed in processing, while their reasons add up to 41",
	}},
	{"failure_reasons, sending", marketing, func(h *history) {
		plus(&h.failuresOf("03-10", sms.Sending)[0].Messages, -5)
		plus(&h.failuresOf("03-12", sms.Sending)[0].Messages, 2)
	}, []string{
		"warning failure_reasons sending 03-10..03-12 2 days, 168/163 messages: 2026-03-10, the worst of 2 days: 168 failed in sending, while their reasons add up to 163",
	}},
	{"failure_reasons of Tencent, whose rest is a reason too", app, func(h *history) { h.failuresOf("03-10", sms.Sending)[1].Messages = sms.Reported(1) }, []string{
		"warning failure_reasons sending 03-10..03-10 1 days, 91/31 messages: 2026-03-10: 91 failed in sending, while their reasons add up to 31",
	}},
	{"sent_reading, neither", marketing, func(h *history) { plus(&h.rows("03-10")[0].VendorSent, -3) }, []string{
		"error sent_reading sent 03-10..03-10 1 days, 1827/1824 messages: 2026-03-10: sent is 1824, requested 1863, processing_failed 36, delivered 1659, send_failed 168, pending 0: days on which sent is all that was handed on 89, what is still queued 0, neither 1",
	}},
	{"sent_reading, mixed", marketing, func(h *history) {
		for _, d := range h.rows("03-10") {
			d.VendorSent = sms.Reported(0)
		}
	}, []string{
		"warning sent_reading sent 03-10..03-10 1 days, 1827/0 messages: 2026-03-10: sent is 0, requested 1863, processing_failed 36, delivered 1659, send_failed 168, pending 0: days on which sent is all that was handed on 89, what is still queued 1, neither 0",
	}},
	{"negative_value", marketing, func(h *history) {
		plus(&h.rows("03-10")[2].SendFailed, -1000)
		plus(&h.rows("03-10")[2].Delivered, 1000)
	}, []string{
		"error negative_value send_failed 03-10..03-10 1 days, 0/-969 messages: 2026-03-10: send_failed is below 0 in 1 rows, down to -969",
		"warning billed_segments delivered 03-10..03-10 1 days, 2659/2447 segments: 2026-03-10: 2447 segments are billed for 1827 accepted and 2659 delivered messages",
		"warning failure_reasons sending 03-10..03-10 1 days, -832/168 messages: 2026-03-10: -832 failed in sending, while their reasons add up to 168",
		"info rate_jump delivery_rate 03-10..03-10 1 days, 89.04/142.73 percent: 2026-03-10: 142.73 % delivered (2659 of 1863), while 89.04 % is the middle of the 8 weeks before",
	}},
	{"billed_segments", marketing, func(h *history) {
		for _, d := range h.rows("03-10..03-11") {
			d.BilledSegments = sms.Reported(d.Delivered.Or(0) - 1)
		}
	}, []string{
		"warning billed_segments delivered 03-10..03-11 2 days, 1659/1656 segments: 2026-03-10, the worst of 2 days: 1656 segments are billed for 1827 accepted and 1659 delivered messages",
	}},
	{"billed_segments, failed messages are not billed", app, func(h *history) { d := h.rows("03-10")[0]; d.BilledSegments = d.Delivered }, []string{
		"info billed_segments accepted 03-10..03-10 1 days, 990/899 segments: 2026-03-10: 899 segments are billed for 990 accepted and 899 delivered messages",
	}},
	{"unmapped_reason", marketing, func(h *history) { h.failuresOf("03-10", sms.Sending)[1].Reason = strange }, []string{
		"warning unmapped_reason solar_storm 03-10..03-10 1 days, 0/61 messages: 2026-03-10: 61 messages failed in sending for a reason without a category",
	}},
	{"missing_weekday", marketing, func(h *history) { h.drop("03-10") }, []string{
		"warning missing_weekday requested 03-10..03-10 1 days, 1936.5/0 messages: 2026-03-10: no traffic on a Tuesday, while each of the 8 before had some, 1936.5 messages in the middle",
	}},
	{"volume_jump down", marketing, func(h *history) { h.drop("03-10"); h.add(day("03-10"), "a", 99, []*sms.Reason{powerOff, busy}) }, []string{
		"warning volume_jump requested 03-10..03-10 1 days, 1936.5/99 messages: 2026-03-10: 99 messages on a Tuesday, while 1936.5 is the middle of the 8 before",
	}},
	{"volume_jump up", marketing, func(h *history) { h.times("03-10", 5) }, []string{
		"info volume_jump requested 03-10..03-10 1 days, 1936.5/9315 messages: 2026-03-10: 9315 messages on a Tuesday, while 1936.5 is the middle of the 8 before",
	}},
	{"rate_jump", marketing, func(h *history) {
		for _, d := range h.rows("03-10") {
			lost := d.Delivered.Or(0) * 7 / 10
			plus(&d.Delivered, -lost)
			plus(&d.SendFailed, lost)
			h.failures = append(h.failures, sms.Failure{Grain: d.Grain, Reason: invalid2, Messages: sms.Reported(lost)})
		}
	}, []string{
		"warning rate_jump delivery_rate 03-10..03-10 1 days, 89.04/26.78 percent: 2026-03-10: 26.78 % delivered (499 of 1863), while 89.04 % is the middle of the 8 weeks before",
	}},
	{"doubled_day", marketing, func(h *history) { h.times("03-10", 2) }, []string{
		"error doubled_day requested 03-10..03-10 1 days, 1936.5/3726 messages: 2026-03-10: 3726 messages, 1.92 times the middle of the weeks before, on 3 of 3 templates alike, and all 27 numbers of the day are even",
	}},
	{"doubled_day of Tencent", app, func(h *history) { h.times("03-10", 2) }, []string{
		"error doubled_day requested 03-10..03-10 1 days, 1034.5/2020 messages: 2026-03-10: 2020 messages, 1.95 times the middle of the weeks before, on 1 of 1 templates alike, and all 8 numbers of the day are even",
	}},
	{"twice the traffic is no double", marketing, func(h *history) {
		h.drop("03-10")
		for i, template := range []string{"a", "b", "c"} {
			h.add(day("03-10"), template, int64(2100/(i+1)+1), []*sms.Reason{powerOff, busy})
		}
	}, nil},
}

func TestChecksFindWhatIsPlanted(t *testing.T) {
	t.Parallel()
	for _, test := range planted {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wh := open(t, test.account)
			h := honest(test.account)
			test.plant(h)
			h.load(t, wh, "", "04-01 06:00")
			h.load(t, wh, "", "04-01 07:00")
			_, lines := runChecks(t, wh, "04-01 20:00", check.Options{})
			if d := cmp.Diff(test.want, lines); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}
