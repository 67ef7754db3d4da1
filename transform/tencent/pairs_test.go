package tencent_test

import (
	"regexp"
	"slices"
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/sms"
)

func TestDaysBeyondMakeNoPairs(t *testing.T) {
	scope := transformtest.Scope(t, sms.Tencent, "1400006874", "2026-01-01/2026-01-03", sms.SendStatus, sms.CallbackStatus)
	zeros := func(body string) string { return regexp.MustCompile(`[0-9]+`).ReplaceAllString(body, "0") }
	day := transformtest.Window(t, "2026-01-03/2026-01-03")
	payloads := []sms.Payload{
		transformtest.Answer(scope, sms.SendStatus, transformtest.Window(t, "2026-01-01/2026-01-01"), wideSend),
		transformtest.Beyond(scope, sms.CallbackStatus, transformtest.Window(t, "2026-01-01/2026-01-02")),
		transformtest.Answer(scope, sms.SendStatus, transformtest.Window(t, "2026-01-02/2026-01-03"), zeros(wideSend)),
		transformtest.Answer(scope, sms.CallbackStatus, transformtest.Window(t, "2026-01-02/2026-01-03"), zeros(wideBack)),
	}
	b, err := vendors.Batch(scope, payloads)
	if err != nil || len(b.Deliveries) != 1 || b.Deliveries[0].Day != day.First() || !slices.Equal(b.Beyond, []sms.Window{transformtest.Window(t, "2026-01-01/2026-01-02")}) {
		t.Errorf("%+v, beyond %v, %v", b.Deliveries, b.Beyond, err)
	}
	if places, err := vendors.Locate(scope, payloads, sms.Date(2026, 1, 2)); err != nil || len(places) != 0 {
		t.Errorf("%d places of a day without facts, %v", len(places), err)
	}
}
